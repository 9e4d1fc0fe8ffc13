"""Tests of looking at the canvas: zoom, pan, hints, every mode and size."""

from __future__ import annotations

from app.conftest import STARTER
from app.hands import Hand
from app.seen import port, row_centre
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.editors.param_editors import LineEditor
from nodeflow.app.canvas.items import style
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, EditBatch, MoveNode, SetMode
from nodeflow.graph.model.workflow import Node, Placement, Socket


def test_the_wheel_zooms_about_the_pointer_and_knows_its_limits(window: MainWindow, hand: Hand) -> None:
    view = hand.view
    fixed = QPointF(300, 200)
    before = view.mapToScene(fixed.toPoint())
    view.camera.set_scale(view.camera.zoom * 1.5, fixed)
    after = view.mapToScene(fixed.toPoint())
    assert abs(after.x() - before.x()) < 2 and abs(after.y() - before.y()) < 2
    for _ in range(100):
        view.camera.set_scale(view.camera.zoom * 1.5)
    assert view.camera.zoom == style.ZOOM[1]
    for _ in range(100):
        view.camera.set_scale(view.camera.zoom * 0.7)
    assert view.camera.zoom == style.ZOOM[0]


def test_space_and_the_left_button_pan_and_select_nothing(window: MainWindow, hand: Hand) -> None:
    view = hand.view
    card = window.canvas.nodes["sampler"]
    view.centerOn(card)
    before, inside = view.mapToScene(0, 0), card.pos() + QPointF(60, 10)
    QTest.keyPress(view, Qt.Key.Key_Space)
    hand.press(inside)
    hand.move(inside + QPointF(50, 30))
    hand.release()
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert view.mapToScene(0, 0) == before - QPointF(50, 30)
    assert window.canvas.selection.chosen() == []
    assert not window.session.dirty


def test_resizing_the_window_keeps_the_zoom(window: MainWindow, hand: Hand) -> None:
    window.resize(1200, 700)
    assert hand.view.camera.zoom == 1.0


def test_hints_say_what_lies_under_the_pointer(window: MainWindow, hand: Hand) -> None:
    view = hand.view
    assert "Latent" in view.tips.hint(port(window, "decode", "latent").centre())
    assert "a number from 0 to 100" in view.tips.hint(row_centre(window, "guidance", "scale"))
    assert "nodes.sample" in view.tips.hint(window.canvas.nodes["sampler"].pos() + QPointF(60, 10))
    wire = window.canvas.links[Socket("save", "image")]
    assert "decode.image → save.image" in view.tips.hint(wire.path().pointAtPercent(0.5))
    assert view.tips.hint(QPointF(-900, -900)) == ""


def test_every_zoom_and_mode_is_painted(window: MainWindow, hand: Hand) -> None:
    def seen(zoom: float) -> QImage:
        hand.view.camera.set_scale(zoom)
        hand.view.centerOn(window.canvas.nodes["decode"])
        return hand.view.grab().toImage()

    zooms = (0.1, 0.4, 0.8, 2.0)
    running = [seen(zoom) for zoom in zooms]
    for mode in ("mute", "bypass"):
        window.session.do("Mode", SetMode("decode", mode))
        for zoom, before in zip(zooms, running, strict=True):
            assert seen(zoom) != before, f"at {zoom} nothing says that the node is switched off"


def test_a_window_opens_with_the_whole_workflow_in_view(qtbot: QtBot) -> None:
    made = MainWindow(DocumentSession(shipped_catalogue()))
    qtbot.addWidget(made)
    made.session.open(STARTER)
    made.show()
    made.canvas.items.complete()
    view = made.canvas.view
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert all(seen.contains(card.sceneBoundingRect()) for card in made.canvas.nodes.values())
    assert view.camera.zoom > 0.5


def test_a_double_click_on_the_title_renames(window: MainWindow, hand: Hand) -> None:
    card = window.canvas.nodes["prompt"]
    hand.view.centerOn(card)
    hand.double_click(card.pos() + QPointF(60, 12))
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor)
    assert editor.text() == "CLIP text encode"
    editor.selectAll()
    QTest.keyClicks(editor, "What to paint")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert window.session.workflow.layout["prompt"].title == "What to paint"
    assert card.title == "What to paint"
    assert window.session.stack.undoText() == "Rename"
    window.session.stack.undo()
    assert card.title == ""
    assert not window.session.dirty


def test_an_empty_canvas_says_what_can_be_done(window: MainWindow) -> None:
    window.documents.new()
    view = window.canvas.view

    def written() -> bool:
        """Whether something lighter than the dots of the ground stands in the middle."""
        image, middle = view.viewport().grab().toImage(), view.viewport().rect().center()
        area = image.copy(middle.x() - 150, middle.y() - 20, 300, 40)
        dots = style.colour("dots").lightness()
        pixels = (area.pixelColor(x, y) for x in range(area.width()) for y in range(area.height()))
        return any(pixel.lightness() > dots + 20 for pixel in pixels)

    assert view.empty() and written()
    window.session.do("Add", EditBatch((AddNode("one", Node("toys.box", 1)), MoveNode("one", Placement(4000, 4000)))))
    assert not view.empty() and not written()
    window.session.stack.undo()
    assert written()
