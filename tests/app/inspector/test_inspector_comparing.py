"""Two runs, two nodes and two pictures beside each other in the inspector."""

from __future__ import annotations

import pytest
from app.looking import SECONDS, See
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nodeflow.app.inspector.charts import ChartView
from nodeflow.app.inspector.image_difference import difference
from nodeflow.app.inspector.image_pair import WipeView
from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.app.qt.frames import StoredFrame
from nodeflow.app.qt.zoom import ZoomState
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, SetParam
from nodeflow.graph.model.workflow import Link, Node
from nodeflow.views import Chart, Picture


def test_two_runs_are_compared(window: MainWindow, see: See, qtbot: QtBot) -> None:
    panel = see("sampler", "trajectory", "frames")
    window.session.do("Set", SetParam("guidance", "scale", 6.0))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    qtbot.waitUntil(lambda: not panel.looks.waiting, timeout=SECONDS)
    panel.choices.choose("quantity", "predicted x_0")
    panel.compare_button.click()
    qtbot.waitUntil(lambda: not panel.looks.waiting, timeout=SECONDS)
    bar, pair = panel.compare_bar, panel.stage.pair
    assert bar.run is not None
    assert bar.run.number == 1
    assert panel.stage.currentWidget() is pair
    panel.scrubber.go(12)
    assert panel.film is not None
    assert panel.comparison.other is not None
    assert pair.left_view.frame is panel.film.frame(12)
    assert pair.right_view.frame is panel.comparison.other.frame(12)
    assert "guidance.scale: 2.5 → 6.0" in bar.words.text()
    qtbot.waitUntil(lambda: "they part at step 0" in bar.words.text(), timeout=SECONDS)
    panel.choices.choose("quantity", "x")
    qtbot.waitUntil(lambda: "they part at step 1" in bar.words.text(), timeout=SECONDS)
    pair.left_view.camera.zoom_at(QPointF(0.2, 0.2), 3.0)
    assert pair.right_view.area().width() == pytest.approx(pair.left_view.area().width(), abs=4)
    bar.mode_box.setCurrentIndex(bar.mode_box.findData("difference"))
    qtbot.waitUntil(lambda: pair.difference.frame is not None, timeout=SECONDS)
    apart = panel.comparison.apart
    assert apart is not None
    qtbot.waitUntil(lambda: apart.frame(12) is not None, timeout=SECONDS)
    assert pair.difference.frame is apart.frame(12)
    assert f"largest difference: {apart.frame(12).about.scale[1]:.4g}" in bar.words.text()
    bar.run_box.setCurrentIndex(bar.run_box.findData(0))
    bar.step_box.setValue(12)
    qtbot.waitUntil(lambda: "the same" in bar.words.text(), timeout=SECONDS)
    bar.step_box.setValue(3)
    qtbot.waitUntil(lambda: "largest difference" in bar.words.text(), timeout=SECONDS)
    view = pair.difference
    QTest.mouseMove(view, view.rect().center())
    qtbot.waitUntil(lambda: panel.told.text().count(":  ") == 2, timeout=SECONDS)
    here, there = panel.told.text().split("\n")
    assert there.startswith("compared with") and here.partition(":  ")[2] != there.partition(":  ")[2]
    bar.mode_box.setCurrentIndex(bar.mode_box.findData("wipe"))
    assert pair.currentWidget() is pair.wipe
    panel.compare_button.click()
    assert panel.stage.currentWidget() is panel.stage.picture


def test_two_runs_are_compared_over_the_steps_by_their_values(window: MainWindow, see: See, qtbot: QtBot) -> None:
    panel = see("sampler", "trajectory", "curves")
    window.session.do("Set", SetParam("guidance", "scale", 6.0))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    panel.compare_button.click()
    stage = panel.stage

    def firsts() -> tuple[float, ...]:
        """How far the two are apart in x before and after the first step."""
        view = stage.currentWidget()
        chart = view.chart if isinstance(view, ChartView) else Chart(())
        x = [series.y[:2] for series in chart.series if series.name == "x" and chart.y == "largest difference"]
        return x[0] if x else (1.0, 0.0)

    qtbot.waitUntil(lambda: firsts()[1] > 0, timeout=SECONDS)
    assert firsts()[0] == 0
    bar = panel.compare_bar
    assert "they part at step 1" in bar.words.text()
    assert "guidance.scale: 2.5 → 6.0" in bar.words.text()
    assert not bar.mode_box.isVisible() and not bar.same_step.isVisible()
    see("sampler", "trajectory", "place")
    both = stage.currentWidget()
    assert isinstance(both, ChartView)
    qtbot.waitUntil(lambda: len(both.chart.series) == 8, timeout=SECONDS)
    assert [series.name.endswith("(other)") for series in both.chart.series] == [False] * 4 + [True] * 4
    assert "they part" not in bar.words.text()


def test_pictures_of_two_runs_are_compared_too(window: MainWindow, see: See, qtbot: QtBot) -> None:
    panel = see("decode", "image", "picture")
    window.session.do("Set", SetParam("noise", "seed", 3))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    panel.compare_button.click()
    qtbot.waitUntil(lambda: bool(panel.stage.pair.largest), timeout=SECONDS)
    assert "noise.seed" in panel.compare_bar.words.text()


def test_what_a_node_gave_that_is_gone_is_compared_with_nothing(window: MainWindow, see: See, qtbot: QtBot) -> None:
    panel = see("decode", "image", "picture")
    window.canvas.selection.choose(["decode"])
    window.actions_["edit.delete"].trigger()
    assert "decode" not in window.session.workflow.nodes
    panel.compare_button.click()
    qtbot.waitUntil(lambda: not panel.looks.waiting, timeout=SECONDS)
    assert panel.comparing and panel.overview is not None
    panel.compare_button.click()


def test_the_line_of_a_wipe_is_dragged(qtbot: QtBot) -> None:
    wipe = WipeView(ZoomState())
    qtbot.addWidget(wipe)
    wipe.resize(400, 400)
    wipe.show()
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    wipe.show_frame(StoredFrame(image, Picture(64, 64, b"", 64, 64)))
    left, middle = Qt.MouseButton.LeftButton, wipe.rect().center()
    QTest.mouseMove(wipe, QPoint(40, 200))
    assert wipe.share == 0.5
    QTest.mousePress(wipe, left, pos=middle)
    QTest.mouseMove(wipe, QPoint(110, 200))
    QTest.mouseRelease(wipe, left, pos=QPoint(110, 200))
    assert wipe.share == pytest.approx(110 / 400, abs=0.03)
    wipe.camera.zoom_at(QPointF(0.5, 0.5), 2.0)
    before, share = wipe.area().x(), wipe.share
    QTest.mousePress(wipe, left, pos=QPoint(350, 300))
    QTest.mouseMove(wipe, QPoint(300, 300))
    QTest.mouseRelease(wipe, left, pos=QPoint(300, 300))
    assert wipe.area().x() != before and wipe.share == share


def test_the_difference_is_the_largest_of_the_colours() -> None:
    one, other = QImage(2, 1, QImage.Format.Format_RGB32), QImage(2, 1, QImage.Format.Format_RGB32)
    one.setPixelColor(0, 0, QColor(10, 20, 30))
    one.setPixelColor(1, 0, QColor(0, 0, 0))
    other.setPixelColor(0, 0, QColor(13, 90, 29))
    other.setPixelColor(1, 0, QColor(0, 0, 0))
    assert difference(one, other).tolist() == [[70, 0]]


def test_two_nodes_are_compared(window: MainWindow, see: See, qtbot: QtBot) -> None:
    scheduler = window.session.workflow.nodes["scheduler"]
    other = Node(scheduler.type, scheduler.version, {**scheduler.params, "kind": "Euler"})
    window.session.do("Add", AddNode("another", other))
    for link in [link for link in window.session.workflow.links.values() if link.target == "scheduler"]:
        window.session.do("Wire", Connect(Link(link.source, link.output, "another", link.input)))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    panel = see("scheduler", "schedule", "sigmas")
    bar = panel.compare_bar
    panel.compare_button.click()
    at = bar.run_box.findText("another · schedule")
    assert at > 0
    bar.run_box.setCurrentIndex(at)
    chart = panel.stage.currentWidget()
    assert isinstance(chart, ChartView)
    qtbot.waitUntil(lambda: len(chart.chart.series) == 2, timeout=SECONDS)
    assert chart.chart.series[1].name.endswith("(other)")
    assert chart.chart.series[0].y != chart.chart.series[1].y
    panel.compare_button.click()


def test_a_low_screen_holds_the_window_with_a_comparison(
    window: MainWindow, inspector: InspectorPanel, see: See, qtbot: QtBot
) -> None:
    see("sampler", "trajectory", "frames")
    QTest.mouseClick(inspector.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(inspector.compare_bar.isVisible, timeout=SECONDS)
    before = window.size()
    assert window.minimumSizeHint().height() <= 700, "with the frame of the window, on a screen of 768 pixels"
    window.resize(1366, 700)
    qtbot.waitUntil(lambda: window.height() == 700, timeout=5000)
    bar = inspector.upright.verticalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: not inspector.scrubber.visibleRegion().isEmpty(), timeout=5000)
    bar.setValue(0)
    qtbot.waitUntil(lambda: not inspector.compare_bar.visibleRegion().isEmpty(), timeout=5000)
    QTest.mouseClick(inspector.compare_button, Qt.MouseButton.LeftButton)
    window.resize(before)
