"""Model files that come from outside: opened or dropped, they say what they are, and the right node appears."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from app.library_folders import fill, folders
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.convert_dialog import ConvertDialog
from nodeflow.app.window.main_window import MainWindow

LEFT, COPY = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = folders(tmp_path, monkeypatch)
    fill(made)
    return made


def drop(window: MainWindow, path: Path) -> None:
    """Drop a file on the canvas, as the window system tells of it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    at = window.canvas.view.mapTo(window, QPoint(60, 60))
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, COPY, data, LEFT, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(at), COPY, data, LEFT, none))


def box_of(window: MainWindow, qtbot: QtBot) -> QMessageBox:
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(QMessageBox)), timeout=20_000)
    return next(one for one in window.findChildren(QMessageBox) if one.isVisible())


def test_a_file_that_is_dropped_becomes_the_node_that_loads_it(window: MainWindow, qtbot: QtBot, models: Path) -> None:
    before = set(window.canvas.nodes)
    drop(window, models / "vae" / "xl.safetensors")
    qtbot.waitUntil(lambda: set(window.canvas.nodes) != before, timeout=20_000)
    (new,) = set(window.canvas.nodes) - before
    assert window.session.workflow.nodes[new].type == "nodes.load_vae"
    assert window.session.workflow.nodes[new].params["model"] == str(models / "vae" / "xl.safetensors")


def test_a_folder_of_a_model_is_dropped(window: MainWindow, qtbot: QtBot, models: Path) -> None:
    (models / "pipe").mkdir()
    (models / "pipe" / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    before = set(window.canvas.nodes)
    drop(window, models / "pipe")
    qtbot.waitUntil(lambda: set(window.canvas.nodes) != before, timeout=20_000)


def test_weights_that_are_opened_say_what_they_are(window: MainWindow, qtbot: QtBot, models: Path) -> None:
    window.show_file(models / "vae" / "xl.safetensors")
    box = box_of(window, qtbot)
    assert "no workflow" in box.text() and "VAE" in box.text() and "damaged" not in box.text()
    before = set(window.canvas.nodes)
    add = next(button for button in box.buttons() if "Load VAE" in button.text())
    QTest.mouseClick(add, LEFT)
    qtbot.waitUntil(lambda: set(window.canvas.nodes) != before, timeout=20_000)


def test_a_half_download_is_told_as_one(window: MainWindow, qtbot: QtBot, models: Path) -> None:
    broken = models / "broken.safetensors"
    broken.write_bytes((models / "vae" / "xl.safetensors").read_bytes()[:40])
    window.show_file(broken)
    box = box_of(window, qtbot)
    assert "damaged or was cut short" in box.text() and len(box.buttons()) == 1
    box.reject()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("note.txt", b"hello", "note.txt holds no model"),
        ("sheet.pdf", b"%PDF-1.7", "sheet.pdf holds a PDF document"),
        ("film.mp4", b"\0\0\0\x18ftypisom" + bytes(64), "film.mp4 holds a video"),
        ("photo.heic", b"\0\0\0\x18ftypheic" + bytes(64), "photo.heic holds a HEIF image; save it as PNG or JPEG"),
        ("weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(64), "weights.h5 holds an HDF5 file"),
    ],
)
def test_any_other_file_that_is_dropped_says_what_it_is(
    name: str, content: bytes, says: str, window: MainWindow, qtbot: QtBot, models: Path
) -> None:
    (models / name).write_bytes(content)
    before = set(window.canvas.nodes)
    drop(window, models / name)
    qtbot.waitUntil(lambda: says in window.tabs.front.toast.text(), timeout=20_000)
    assert set(window.canvas.nodes) == before


def test_a_pickle_that_is_dropped_offers_its_conversion(window: MainWindow, qtbot: QtBot, models: Path) -> None:
    torch.save({"state_dict": {"decoder.conv_in.weight": torch.zeros(2, 2)}}, models / "old.ckpt")
    drop(window, models / "old.ckpt")
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(ConvertDialog)), timeout=20_000)
    dialog = next(one for one in window.findChildren(ConvertDialog) if one.isVisible())
    QTest.mouseClick(dialog.leave, LEFT)
    assert not (models / "old.safetensors").exists()
