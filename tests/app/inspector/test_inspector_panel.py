"""What the inspector shows of a value, and what it does with it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app.looking import SECONDS, STARTER, See
from PySide6.QtCore import QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nodeflow.app.i18n import pack_translations
from nodeflow.app.inspector.charts import ChartView, MatrixView
from nodeflow.app.inspector.facts_table import FactsView
from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.app.inspector.value_boxes import OutputBox
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.panels.node_help import LESSON, NodeHelp
from nodeflow.app.qt import theme
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, EditBatch, SetParam
from nodeflow.graph.model.catalogue import Output
from nodeflow.graph.model.workflow import Link, Node


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


def test_an_output_whose_kind_has_its_name_is_told_once(qtbot: QtBot) -> None:
    box = OutputBox()
    qtbot.addWidget(box)
    box.offer((Output("diffusion_network", "DiffusionNetwork"), Output("denoised", "Latent")), "denoised")
    assert [box.itemText(at) for at in range(2)] == ["diffusion network", "denoised · Latent"]
    assert box.currentData() == "denoised"


def test_what_a_node_reports_is_told_in_chinese_and_the_persons_texts_are_not(
    window: MainWindow, see: See, qtbot: QtBot
) -> None:
    steps = Link("scheduler", "schedule", "levels", "schedule")
    text = AddNode("mine", Node("nodes.text", params={"text": "step 1, timestep 5: 3 dB"}))
    window.session.do("Add", EditBatch((AddNode("levels", Node("nodes.signal_to_noise")), Connect(steps), text)))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    pack_translations.use("zh_CN")
    shipped_catalogue()
    try:
        shown: Any = see("levels", "table", "text").stage.currentWidget()
        assert shown.toPlainText().startswith("第 0 步，时间步 ")
        shown = see("mine", "value", "text").stage.currentWidget()
        assert shown.toPlainText() == "step 1, timestep 5: 3 dB"
    finally:
        pack_translations.use("en")
