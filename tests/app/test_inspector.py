"""The inspector panel on the starter workflow, with the real engine."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QEvent, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QCursor, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from nodeflow.app.inspector.charts import ChartView, MatrixView
from nodeflow.app.inspector.facts_table import FactsView
from nodeflow.app.inspector.frame_store import FrameCache
from nodeflow.app.inspector.image_pair import difference
from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.app.inspector.step_actions import STEP_KEY
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.panels.node_help import LESSON, NodeHelp
from nodeflow.app.qt import theme
from nodeflow.app.qt.frames import frame_of
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, SetParam
from nodeflow.graph.io.png_text import text_of, workflow_of
from nodeflow.graph.model.workflow import Link, Node, Socket
from nodeflow.resources import folder
from nodeflow.views import Chart, Picture

SECONDS = 180_000
STARTER = folder("workflows") / "latent-diffusion.json"
See = Callable[..., InspectorPanel]


@pytest.fixture(scope="module")
def desk(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    """One window, and one engine, for all tests of this file."""
    output = tmp_path_factory.mktemp("inspector")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NODEFLOW_CACHE", str(output / "cache"))
        patch.setenv("NODEFLOW_DATA", str(output / "data"))
        theme.apply(qapp, "dark")
        made = MainWindow(DocumentSession(shipped_catalogue(), output=output))
        made.show()
        yield made
        made.close()
        made.deleteLater()


@pytest.fixture
def window(desk: MainWindow) -> Iterator[MainWindow]:
    """The window with the starter workflow in a tab of its own."""
    tab = desk.tabs.add()
    tab.session.open(STARTER)
    yield desk
    desk.settings.theme = "dark"
    tab.session.stack.setClean()
    desk.tabs.drop(tab)


@pytest.fixture
def inspector(window: MainWindow, qtbot: QtBot) -> InspectorPanel:
    """The panel after a run of the starter workflow."""
    dock = next(dock for dock in window.findChildren(Dock) if dock.objectName() == "inspector")
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    dock.bring()
    panel = dock.widget().currentWidget()
    assert isinstance(panel, InspectorPanel)
    return panel


@pytest.fixture
def see(window: MainWindow, inspector: InspectorPanel, qtbot: QtBot) -> See:
    """Selects a node and chooses an output and a form."""

    def wait() -> None:
        qtbot.waitUntil(lambda: not inspector.looks.waiting, timeout=SECONDS)

    def see(node: str, output: str, form: str) -> InspectorPanel:
        window.canvas.selection.choose([node])
        wait()
        inspector.output_box.setCurrentIndex(inspector.output_box.findData(output))
        wait()
        inspector.choose_form(form)
        wait()
        return inspector

    return see


def test_it_follows_the_selection_and_says_what_there_is_to_see(
    window: MainWindow, inspector: InspectorPanel, see: See, qtbot: QtBot
) -> None:
    assert "Select a node" in inspector.stage.picture.words
    see("sampler", "latent", "colours")
    assert inspector.heading.text() == "sampler"
    assert [inspector.output_box.itemData(i) for i in range(2)] == ["latent", "trajectory"]
    assert inspector.stage.picture.frame is not None
    assert inspector.stage.picture.frame.image.width() == 16
    assert "1 × 4 × 16 × 16 float32" in inspector.facts_line.text()
    see("prompt", "conditioning", "similarity")
    assert isinstance(inspector.stage.currentWidget(), MatrixView)
    see("scheduler", "schedule", "sigmas")
    assert isinstance(inspector.stage.currentWidget(), ChartView)
    see("sampler", "latent", "")
    facts = inspector.stage.currentWidget()
    assert isinstance(facts, FactsView)
    assert facts.table.item(0, 1).text() == "1 × 4 × 16 × 16"


def test_what_is_not_there_can_be_computed_from_the_panel(window: MainWindow, see: See, qtbot: QtBot) -> None:
    tab = window.tabs.add()
    tab.session.open(STARTER)
    panel = (
        next(dock for dock in window.findChildren(Dock) if dock.objectName() == "inspector").widget().currentWidget()
    )
    assert isinstance(panel, InspectorPanel)
    tab.canvas.selection.choose(["noise"])
    qtbot.waitUntil(lambda: not panel.load_button.isHidden(), timeout=SECONDS)
    assert panel.stage.picture.words == "noise has not run yet"
    assert panel.load_button.text() == "Run to noise, to see it"
    panel.load_button.click()
    qtbot.waitUntil(lambda: panel.overview is not None, timeout=SECONDS)
    assert panel.overview.wire == "Noise"
    assert panel.load_button.isHidden()
    qtbot.waitUntil(lambda: not tab.session.running, timeout=SECONDS)
    window.tabs.drop(tab)


def test_it_looks_again_after_each_run(window: MainWindow, see: See, qtbot: QtBot) -> None:
    panel = see("decode", "image", "picture")
    before = panel.stage.picture.image().copy()
    window.session.do("Set", SetParam("noise", "seed", 5))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    qtbot.waitUntil(lambda: not panel.looks.waiting, timeout=SECONDS)
    assert panel.stage.picture.image().size() == before.size()
    assert panel.stage.picture.image() != before


def test_the_picture_zooms_pans_and_tells_the_place_under_the_pointer(see: See, qtbot: QtBot) -> None:
    panel = see("sampler", "latent", "channels")
    picture = panel.stage.picture
    area = picture.area()
    in_second_tile = QPointF(area.x() + area.width() * 0.75, area.y() + area.height() * 0.25)
    u, v, tile = picture.place(in_second_tile) or (0, 0, 0)
    assert (round(u, 6), round(v, 6), tile) == (0.5, 0.5, 1)
    QTest.mouseMove(picture, QPoint(round(in_second_tile.x()) - 3, round(in_second_tile.y())))
    QTest.mouseMove(picture, in_second_tile.toPoint() + QPoint(2, 2))  # within the pixel, not on its corner
    qtbot.waitUntil(lambda: panel.told.text().startswith("8, 8:"), timeout=5000)
    told = [float(word) for word in panel.told.text().partition(":")[2].split()]
    path = Path(panel.session.hub.output) / "latent.npy"
    panel.export_to(path)
    qtbot.waitUntil(path.exists, timeout=5000)
    true = np.load(path)[0, :, 8, 8]
    assert told == pytest.approx(true.tolist(), rel=1e-4)
    QTest.keyClick(picture, Qt.Key.Key_Plus)
    assert picture.camera.zoom == 1.25
    assert picture.area().width() == pytest.approx(area.width() * 1.25)
    QTest.keyClick(picture, Qt.Key.Key_0)
    assert picture.area() == area


def test_a_click_chooses_the_place_that_a_form_is_about(window: MainWindow, see: See, qtbot: QtBot) -> None:
    window.session.do("Set", SetParam("sampler", "record", "steps and attention"))
    window.session.do("Set", SetParam("scheduler", "steps", 3))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    panel = see("sampler", "trajectory", "looks")
    picture = panel.stage.picture
    qtbot.waitUntil(lambda: picture.frame is not None and picture.frame.about.mark is not None, timeout=SECONDS)
    area = picture.area()
    at = QPointF(area.x() + area.width() * 0.77, area.y() + area.height() * 0.3).toPoint()
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=at)
    assert (panel.choices.values()["x"], panel.choices.values()["y"]) == (12, 4)
    qtbot.waitUntil(lambda: picture.frame.about.mark == (12.5 / 16, 4.5 / 16), timeout=SECONDS)
    panel.choices.choose("y", 7)
    qtbot.waitUntil(lambda: picture.frame.about.mark == (12.5 / 16, 7.5 / 16), timeout=SECONDS)
    see("sampler", "trajectory", "place")
    chart = panel.stage.currentWidget()
    assert isinstance(chart, ChartView)
    assert chart.chart.caption == "12, 7"
    see("sampler", "trajectory", "frames")
    QTest.mousePress(picture, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(picture, at + QPoint(30, 0))
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=at + QPoint(30, 0))
    see("sampler", "trajectory", "place")
    assert chart.chart.caption == "12, 7"  # that was a drag


def test_steps_are_scrubbed_and_held_within_a_bound(see: See, qtbot: QtBot) -> None:
    panel = see("sampler", "trajectory", "frames")
    panel.choices.choose("quantity", "predicted x_0")
    qtbot.waitUntil(lambda: panel.film is not None and panel.film.held == panel.film.steps, timeout=SECONDS)
    assert panel.film is not None
    assert panel.film.steps == 21
    shown = []
    for step in (0, 10, 19):
        panel.scrubber.go(step)
        assert panel.stage.picture.frame is panel.film.frame(step)
        shown.append(panel.stage.picture.image())
    assert shown[0] != shown[1] != shown[2]
    assert "steps fetched" in panel.facts_line.text()
    assert panel.cache.bytes == sum(frame.image.sizeInBytes() for frame in panel.cache._frames.values())
    panel.scrubber.go(0)
    panel.scrubber.play_button.click()
    qtbot.waitUntil(lambda: panel.scrubber.step > 2, timeout=5000)
    panel.scrubber.stop()


def test_what_was_seen_longest_ago_goes_first() -> None:
    def frame(grey: int):
        return frame_of(Picture(8, 8, bytes([grey] * 192), 8, 8))

    cache = FrameCache(most=3 * frame(0).image.sizeInBytes())
    for number in range(3):
        cache.put(number, frame(number))
    cache.get(0)
    cache.put(3, frame(3))
    assert [number in cache for number in range(4)] == [True, False, True, True]
    assert cache.bytes == cache.most
    cache.put(3, frame(9))
    assert cache.bytes == cache.most


def test_what_is_seen_goes_into_files(see: See, qtbot: QtBot, tmp_path: Path) -> None:
    panel = see("sampler", "latent", "channels")
    panel.export_to(tmp_path / "seen.png")
    assert QImage(str(tmp_path / "seen.png")).convertToFormat(QImage.Format.Format_RGB32) == panel.stage.image()
    panel.export_to(tmp_path / "seen.csv")
    assert not (tmp_path / "seen.csv").exists()
    assert "NPY" in panel.told.text()
    panel.export_to(tmp_path / "values.safetensors")
    qtbot.waitUntil((tmp_path / "values.safetensors").exists, timeout=5000)
    panel.export_to(tmp_path / "nowhere" / "values.npy")
    qtbot.waitUntil(lambda: "cannot write" in panel.told.text(), timeout=5000)
    see("sampler", "trajectory", "curves")
    panel.export_to(tmp_path / "curves.csv")
    rows = list(csv.reader((tmp_path / "curves.csv").open()))
    assert rows[0] == [
        "step",
        "t",
        "sigma",
        "x",
        "predicted x_0",
        "guided prediction",
        "conditional",
        "unconditional",
        "difference",
    ]
    assert len(rows) == 22
    panel.export_to(tmp_path / "curves.png")
    assert QImage(str(tmp_path / "curves.png")).width() > 100


def test_a_wire_and_a_lesson_tell_what_flows(window: MainWindow, inspector: InspectorPanel, qtbot: QtBot) -> None:
    view = window.canvas.view
    assert view.tips.facts("sampler", "latent") == ""
    qtbot.waitUntil(lambda: "1 × 4 × 16 × 16" in view.tips.facts("sampler", "latent"), timeout=5000)
    assert "±" in view.tips.facts("sampler", "latent")
    page = NodeHelp(window.canvas.scope, window.canvas.facts)
    page.show_node("decode")
    assert "±" not in page.page.toPlainText()
    page.page.anchorClicked.emit(QUrl(LESSON))
    qtbot.waitUntil(lambda: "1 × 3 × 64 × 64 float32" in page.page.toPlainText(), timeout=SECONDS)
    assert "Latent · 1 × 4 × 16 × 16 float32" in page.page.toPlainText()
    assert page.page.toPlainText().count("±") >= 2


def test_charts_follow_the_theme(window: MainWindow, see: See) -> None:
    panel = see("scheduler", "schedule", "sigmas")
    chart = panel.stage.currentWidget()
    assert isinstance(chart, ChartView)
    assert chart.plot.backgroundBrush().color() == theme.colour("canvas")
    window.settings.theme = "light"
    assert theme.current() is theme.LIGHT
    assert chart.plot.backgroundBrush().color() == theme.colour("canvas")


def test_a_run_goes_on_from_a_step_another_way(window: MainWindow, see: See, qtbot: QtBot) -> None:
    panel = see("sampler", "trajectory", "frames")
    panel.scrubber.go(8)
    before = window.session.workflow.nodes.keys()
    panel.tools.menu.aboutToShow.emit()
    offered = [action.text().rpartition(" · ")[2] for action in panel.tools.menu.actions()]
    assert offered == ["guidance", "scheduler", "noise", "denoiser", "negative", "prompt", "model"]
    panel.tools.menu.actions()[0].trigger()
    assert window.canvas.selection.chosen() == ["guidance_2"]
    window.session.do("Set", SetParam("guidance_2", "scale", 6.0))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    assert window.session.state("sampler_2").phase == "ran"
    assert "8 of 20 steps from the cache" in str(window.session.state("sampler_2"))
    while window.session.stack.canUndo():
        window.session.stack.undo()
    assert window.session.workflow.nodes.keys() == before
    see("sampler", "trajectory", "frames")
    panel.scrubber.go(20)
    assert not panel.tools.fork_button.isEnabled()


def test_the_picture_of_a_step_is_kept_with_what_it_is_of(see: See, qtbot: QtBot, tmp_path: Path) -> None:
    panel = see("sampler", "trajectory", "frames")
    panel.choices.choose("quantity", "predicted x_0")
    panel.scrubber.go(4)
    folder = panel.session.hub.output
    for _ in range(2):
        panel.keep_step()
        qtbot.waitUntil(lambda: not panel.looks.waiting, timeout=SECONDS)
    first, second = sorted(folder.glob("sampler-step-004-*.png"))
    data = first.read_bytes()
    assert json.loads(text_of(data, STEP_KEY) or b"") == {"node": "sampler", "step": 4, "quantity": "predicted x_0"}
    assert b"nodes.sample" in (workflow_of(data) or b"")
    assert QImage(str(first)).width() == 64
    assert QImage(str(first)) == QImage(str(second))


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


def test_the_difference_is_the_largest_of_the_colours() -> None:
    one, other = QImage(2, 1, QImage.Format.Format_RGB32), QImage(2, 1, QImage.Format.Format_RGB32)
    one.setPixelColor(0, 0, QColor(10, 20, 30))
    one.setPixelColor(1, 0, QColor(0, 0, 0))
    other.setPixelColor(0, 0, QColor(13, 90, 29))
    other.setPixelColor(1, 0, QColor(0, 0, 0))
    assert difference(one, other).tolist() == [[70, 0]]


def test_while_it_samples_the_step_is_shown_and_then_the_result(window: MainWindow, see: See, qtbot: QtBot) -> None:
    panel = see("sampler", "trajectory", "frames")
    window.session.do("Set", SetParam("scheduler", "steps", 150))
    window.run()
    qtbot.waitUntil(lambda: "as it is foreseen" in panel.told.text(), timeout=SECONDS)
    assert panel.stage.picture.frame is not None
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    qtbot.waitUntil(lambda: panel.film is not None and panel.film.steps == 151, timeout=SECONDS)
    qtbot.waitUntil(lambda: panel.film.frame(150) is panel.stage.picture.frame is not None, timeout=SECONDS)


def test_what_only_the_disk_holds_is_shown_in_true_colours_without_its_vae(
    window: MainWindow, inspector: InspectorPanel, see: See, qtbot: QtBot
) -> None:
    see("sampler", "latent", "colours")
    true = inspector.stage.picture.image().copy()
    window.hub.close()
    window.session.do("Set", SetParam("save", "name", "again"))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    see("sampler", "latent", "colours")
    assert inspector.stage.picture.image() == true
    assert inspector.load_button.isHidden()
    inspector.choose_form("decoded")
    qtbot.waitUntil(lambda: not inspector.load_button.isHidden(), timeout=SECONDS)
    assert "model" in inspector.load_button.text()
    inspector.load_button.click()
    qtbot.waitUntil(lambda: inspector.stage.picture.image().width() == 64, timeout=SECONDS)
    assert inspector.load_button.isHidden()


def test_values_that_are_gone_are_said_to_be(
    window: MainWindow, inspector: InspectorPanel, see: See, qtbot: QtBot
) -> None:
    window.hub.close()
    window.canvas.selection.choose(["noise"])
    qtbot.waitUntil(lambda: "does not run" in inspector.stage.picture.words, timeout=5000)
    assert not inspector.export.isEnabled()


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


def test_steps_tell_time_and_spread(see: See) -> None:
    panel = see("sampler", "trajectory", "frames")
    panel.scrubber.go(0)
    words = panel.told.text()
    assert all(name in words for name in ("t ", "sigma ", "mean ", "deviation ", "minimum ", "maximum "))
    facts = see("sampler", "trajectory", "").stage.currentWidget()
    assert isinstance(facts, FactsView)
    assert facts.chosen.startswith("x[")


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
