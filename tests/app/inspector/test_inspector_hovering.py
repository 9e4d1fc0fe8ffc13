"""Hovering over the canvas shows what flows."""

from __future__ import annotations

from app.looking import SECONDS, STARTER, See
from PySide6.QtCore import QByteArray, QEvent, QPoint, QPointF, QRectF
from PySide6.QtGui import QCursor, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from nodeflow.app.qt import theme
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect
from nodeflow.graph.model.workflow import Link, Node, Socket


def picture_in(tip: str) -> QImage:
    """The image that a tooltip carries; empty where it has none."""
    return QImage.fromData(QByteArray.fromBase64(tip.partition("base64,")[2].partition('"')[0].encode()))


def test_hovering_over_a_wire_or_a_port_shows_a_picture_of_what_flows(
    window: MainWindow, see: See, qtbot: QtBot
) -> None:
    frame = see("sampler", "latent", "colours").stage.picture.frame
    assert frame is not None
    view = window.canvas.view
    window.canvas.framing.frame_all()

    def hover(at: QPointF) -> str:
        """The tooltip there, once it has an image."""
        place = view.mapFromScene(at)
        QCursor.setPos(view.viewport().mapToGlobal(place))

        def rest() -> None:
            QApplication.sendEvent(view.viewport(), QHelpEvent(QEvent.Type.ToolTip, place, QCursor.pos()))

        def has_picture() -> bool:
            if not QToolTip.isVisible():  # it goes by itself after a while
                rest()
            return "<img" in QToolTip.text()

        rest()
        qtbot.waitUntil(has_picture, timeout=SECONDS)
        return QToolTip.text()

    wire = window.canvas.links[Socket("decode", "latent")]
    tip = hover(wire.path().pointAtPercent(0.5))
    assert "sampler.latent → decode.latent" in tip
    assert "1 × 4 × 16 × 16 float32" in tip
    shown = picture_in(tip)
    assert (shown.width(), shown.height()) == (144, 144)
    cells = [(x, y) for x in range(16) for y in range(16)]
    assert all(shown.pixelColor(9 * x + 4, 9 * y + 4) == frame.image.pixelColor(x, y) for x, y in cells)
    window.session.run(("scheduler",))  # where all came from the disk, it is not in memory
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    port = window.canvas.nodes["scheduler"].output_port("schedule")
    assert port is not None
    chart = picture_in(hover(port.centre()))
    curve = theme.curve_colour(0)
    assert sum(chart.pixelColor(x, y) == curve for x in range(chart.width()) for y in range(chart.height())) > 50
    QToolTip.hideText()


def test_where_nothing_was_computed_a_hint_has_no_picture(window: MainWindow, qtbot: QtBot) -> None:
    tab = window.tabs.add()
    tab.session.open(STARTER)
    wire = tab.canvas.links[Socket("decode", "latent")]
    tip = tab.canvas.view.tips.hint(wire.path().pointAtPercent(0.5))
    assert "sampler.latent → decode.latent" in tip
    assert not picture_in(tip).width()
    assert not tab.canvas.facts._looks.waiting
    window.tabs.drop(tab)


def test_hovering_over_a_block_of_a_drawn_network_shows_its_channels(
    window: MainWindow, see: See, qtbot: QtBot
) -> None:
    session = window.session
    session.do("Add", AddNode("blocks", Node("nodes.network_blocks")))
    for source, output, port in (
        ("denoiser", "denoiser", "denoiser"),
        ("prompt", "conditioning", "conditioning"),
        ("sampler", "latent", "latent"),
    ):
        session.do("Wire", Connect(Link(source, output, "blocks", port)))
    window.run()
    qtbot.waitUntil(lambda: not session.running, timeout=SECONDS)
    panel = see("blocks", "network", "drawing")
    picture = panel.stage.picture
    qtbot.waitUntil(lambda: picture.frame is not None, timeout=SECONDS)
    pointed_at = QRectF()

    def shown() -> bool:
        """Points at the middle block, which lies deepest, again where the image has come to lie elsewhere."""
        nonlocal pointed_at
        if (area := picture.area()) != pointed_at:
            pointed_at = area
            at = QPointF(area.x() + area.width() * 0.5, area.y() + area.height() * 0.85)
            QTest.mouseMove(picture, at.toPoint() - QPoint(2, 0))
            QTest.mouseMove(picture, at.toPoint())
        return panel.hover.isVisible()

    qtbot.waitUntil(shown, timeout=SECONDS)
    assert "parameters" in panel.hover.words
    QApplication.sendEvent(picture, QEvent(QEvent.Type.Leave))
    assert not panel.hover.isVisible()
