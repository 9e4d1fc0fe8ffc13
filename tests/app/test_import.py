"""What other programs made, opened by dialog, drop and paste, with a report whose lines lead to their nodes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app.test_window import drop, picture
from PIL import Image, PngImagePlugin
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from nodeflow.app.i18n import pack_translations
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.panels.import_report_panel import ImportReportPanel
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam

API: dict[str, Any] = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "nobody-has-this.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red star", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 7,
            "steps": 4,
            "cfg": 3.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "Sharpen Nobody Knows", "inputs": {"image": ["8", 0], "amount": 2}},
    "10": {"class_type": "SaveImage", "inputs": {"images": ["9", 0], "filename_prefix": "a"}},
}
WINDOW = {
    "version": 0.4,
    "nodes": [
        {
            "id": 9,
            "type": "Sharpen Nobody Knows",
            "pos": [0, 0],
            "properties": {"cnr_id": "comfyui-nobody"},
            "inputs": [],
            "outputs": [],
            "widgets_values": [2],
        }
    ],
    "links": [],
}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What boxes say; they are closed at once."""
    told: list[str] = []

    def note(parent: object, title: str, text: str, *_: object) -> QMessageBox.StandardButton:
        told.append(text)
        return QMessageBox.StandardButton.Ok

    monkeypatch.setattr(QMessageBox, "warning", note)
    return told


def imported(window: MainWindow) -> Callable[[], bool]:
    return lambda: window.session.report is not None


def panel(window: MainWindow) -> ImportReportPanel:
    found = [one for one in window.findChildren(ImportReportPanel) if one.isVisible()]
    assert len(found) == 1
    return found[0]


def lines(shown: ImportReportPanel) -> dict[str, list[QTreeWidgetItem]]:
    groups = [shown.tree.topLevelItem(at) for at in range(shown.tree.topLevelItemCount())]
    return {group.text(0): [group.child(at) for at in range(group.childCount())] for group in groups}


def with_texts(path: Path, **texts: Any) -> Path:
    info = PngImagePlugin.PngInfo()
    for key, value in texts.items():
        info.add_text(key, json.dumps(value))
    Image.new("RGB", (4, 4)).save(path, pnginfo=info)
    return path


def test_an_api_file_opens_by_the_dialog_and_is_never_written_over(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "api.json"
    file.write_text(json.dumps(API))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(file)], ""))
    window.actions_["file.open"].trigger()
    qtbot.waitUntil(imported(window), timeout=30_000)
    assert window.session.title == "api" and window.session.path is None and not window.session.dirty
    assert window.session.workflow.nodes["prompt"].params["text"] == "a red star"
    assert window.recent.paths()[0] == file
    assert json.loads(file.read_text()) == API


def test_the_report_says_what_is_missing_and_leads_there(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    drop(window, with_texts(tmp_path / "made.png", prompt=API))
    qtbot.waitUntil(imported(window), timeout=30_000)
    window.canvas.items.complete()
    shown = panel(window)
    found = lines(shown)
    assert [item.text(0) for item in found["Missing nodes (1)"]] == ["Sharpen Nobody Knows"]
    assert [item.text(0) for item in found["Missing models (1)"]] == ["nobody-has-this.safetensors"]
    assert "checkpoints" in found["Missing models (1)"][0].toolTip(0)
    item = found["Missing nodes (1)"][0]
    at = shown.tree.visualItemRect(item).center()
    QTest.mouseClick(shown.tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(shown.tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    node = "sharpen_nobody_knows"
    assert window.canvas.selection.chosen() == [node]
    view = window.canvas.view
    middle = view.mapToScene(view.viewport().rect().center())
    card = window.canvas.nodes[node]
    assert card.mapToScene(card.body).boundingRect().contains(middle)
    QTest.mouseClick(shown.copy, Qt.MouseButton.LeftButton)
    assert "- Sharpen Nobody Knows: there is no counterpart here" in QGuiApplication.clipboard().text()


def test_the_panel_follows_the_tab_in_front_and_stays_closed_where_it_was_closed(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    drop(window, with_texts(tmp_path / "made.png", prompt=API))
    qtbot.waitUntil(imported(window), timeout=30_000)
    assert panel(window)
    dock = window.actions_["view.import"]
    window.tabs.step(1)
    assert window.session.report is None and not dock.isChecked()
    window.tabs.step(1)
    assert window.session.report is not None and dock.isChecked()
    dock.trigger()
    window.tabs.step(1)
    window.tabs.step(1)
    assert not dock.isChecked()


@pytest.mark.parametrize("take", ["Open the Other", "Keep What Made It"])
def test_a_person_chooses_between_two_workflows_that_disagree(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, take: str
) -> None:
    drop(window, with_texts(tmp_path / "both.png", prompt=API, workflow=WINDOW))
    qtbot.waitUntil(imported(window), timeout=30_000)
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "two_workflows") is not None)
    box = window.findChild(QMessageBox, "two_workflows")
    assert isinstance(box, QMessageBox) and "disagree at 7 nodes" in box.text()
    assert "prompt" in window.session.workflow.nodes
    button = next(one for one in box.buttons() if one.text().replace("&", "") == take)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    if take == "Open the Other":
        qtbot.waitUntil(lambda: list(window.session.workflow.nodes) == ["sharpen_nobody_knows"], timeout=30_000)
        report = window.session.report
        assert report is not None and report.took == "workflow"
        assert report.of("unknown")[0].pack == "comfyui-nobody"
    else:
        assert "prompt" in window.session.workflow.nodes
    assert window.tabs.count() == 2


def test_text_pasted_onto_the_canvas_opens_as_a_document(window: MainWindow, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().setText(json.dumps(API))
    window.activateWindow()
    window.canvas.view.setFocus()
    QTest.keyClick(QApplication.focusWidget() or window.canvas.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(imported(window), timeout=30_000)
    assert window.session.title == "Clipboard" and window.session.source is None
    assert window.tabs.count() == 2 and len(window.session.workflow.nodes) > 8


def test_an_image_and_a_file_on_the_clipboard_open_too(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = with_texts(tmp_path / "made.png", prompt=API)
    held = QMimeData()
    held.setData("image/png", path.read_bytes())
    QGuiApplication.clipboard().setMimeData(held)
    window.actions_["file.open_clipboard"].trigger()
    qtbot.waitUntil(imported(window), timeout=30_000)
    held = QMimeData()
    held.setUrls([QUrl.fromLocalFile(str(path))])
    QGuiApplication.clipboard().setMimeData(held)
    window.actions_["file.open_clipboard"].trigger()
    qtbot.waitUntil(lambda: window.session.source == path, timeout=30_000)


def test_what_nobody_knows_is_refused_in_a_sentence(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, said: list[str]
) -> None:
    QGuiApplication.clipboard().setText('{"a": 1}')
    window.actions_["file.open_clipboard"].trigger()
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    film = tmp_path / "film.webm"
    film.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(100))
    window.show_file(film)
    qtbot.waitUntil(lambda: len(said) == 2, timeout=30_000)
    assert said[0] == "The clipboard holds no workflow and no image with one."
    assert "film.webm cannot be opened." in said[1] and "WebM" in said[1]
    assert window.tabs.count() == 1


def test_a_plain_photograph_is_still_loaded(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    drop(window, picture(tmp_path / "plain.png"))
    qtbot.waitUntil(lambda: "load_image" in window.session.workflow.nodes, timeout=30_000)
    assert window.session.report is None


def test_reverting_reads_the_foreign_file_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(window, with_texts(tmp_path / "made.png", prompt=API))
    qtbot.waitUntil(imported(window), timeout=30_000)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    window.gestures.select_all()
    window.gestures.delete()
    assert not window.session.workflow.nodes
    window.actions_["file.revert"].trigger()
    qtbot.waitUntil(lambda: bool(window.session.workflow.nodes), timeout=30_000)
    assert window.session.report is not None and not window.session.dirty


def test_a_foreign_document_is_there_again_at_the_next_start(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = with_texts(tmp_path / "made.png", prompt=API)
    drop(window, path)
    qtbot.waitUntil(imported(window), timeout=30_000)
    window.documents.remember()
    assert str(path) in window.documents.remembered
    for tab in list(window.tabs):
        window.tabs.drop(tab)
    window.documents.restore(lambda: None)
    qtbot.waitUntil(lambda: any(tab.session.report is not None for tab in window.tabs), timeout=30_000)


def chosen(monkeypatch: pytest.MonkeyPatch, path: Path, kind: str) -> None:
    def answer(parent: object, title: str, start: str, kinds: str) -> tuple[str, str]:
        return str(path), next(one for one in kinds.split(";;") if one.startswith(kind))

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)


def test_a_workflow_is_exported_once_the_person_knows_what_is_lost(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    chosen(monkeypatch, out, "ComfyUI workflow for its API")
    window.session.do("Set", SetParam("noise", "width", 64))
    window.session.do("Set", SetParam("noise", "height", 64))
    window.actions_["file.export"].trigger()
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "export_losses") is not None, timeout=30_000)
    box = window.findChild(QMessageBox, "export_losses")
    assert isinstance(box, QMessageBox) and "ships with nodeflow" in box.informativeText()
    assert not out.with_suffix(".json").exists()
    button = next(one for one in box.buttons() if one.text().replace("&", "") == "Write the Rest")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(out.with_suffix(".json").exists)
    kinds = {node["class_type"] for node in json.loads(out.with_suffix(".json").read_text()).values()}
    assert {"KSampler", "CheckpointLoaderSimple", "VAEDecode", "SaveImage"} <= kinds


def test_settings_are_exported_as_text_and_what_cannot_be_is_said(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    out = tmp_path / "out.txt"
    chosen(monkeypatch, out, "Settings")
    window.actions_["file.export"].trigger()
    qtbot.waitUntil(out.exists, timeout=30_000)
    assert "Steps: 20, Sampler: DDIM" in out.read_text()
    window.documents.new()
    window.actions_["file.export"].trigger()
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    assert "there is no sampler" in said[0]


@pytest.fixture
def chinese(window: MainWindow) -> Iterator[None]:
    pack_translations.use("zh_CN")
    shipped_catalogue()
    yield
    pack_translations.use("en")


def test_what_is_lost_by_an_export_is_told_in_chinese(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str], chinese: None
) -> None:
    chosen(monkeypatch, tmp_path / "out", "ComfyUI workflow for its API")
    window.session.do("Set", SetParam("noise", "width", 64))
    window.session.do("Set", SetParam("noise", "height", 64))
    window.actions_["file.export"].trigger()
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "export_losses") is not None, timeout=30_000)
    box = window.findChild(QMessageBox, "export_losses")
    assert isinstance(box, QMessageBox)
    assert "随 nodeflow 提供" in box.informativeText() and not re.search("[a-z]+ [a-z]+", box.informativeText())
    box.reject()
    window.documents.new()
    chosen(monkeypatch, tmp_path / "out.txt", "Settings")
    window.actions_["file.export"].trigger()
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    assert "采样器" in said[0]
