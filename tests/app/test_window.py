"""Files, problems and images: what the window does around the canvas."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from app.conftest import STARTER
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import Disconnect, SetParam
from nodeflow.graph.io.png_text import with_workflow, workflow_of
from nodeflow.graph.model.workflow import Problem, Socket

Button = QMessageBox.StandardButton


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What message boxes said; the question about changes is answered with Cancel."""
    words: list[str] = []

    def note(parent: object, title: str, text: str, *_: object) -> QMessageBox.StandardButton:
        words.append(text)
        return Button.Cancel

    monkeypatch.setattr(QMessageBox, "warning", note)
    monkeypatch.setattr(QMessageBox, "question", note)
    return words


def picture(path: Path) -> Path:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    image.save(str(path))
    return path


def drop(window: MainWindow, path: Path, place: QPoint | None = None) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    actions, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    at = QPointF(place or QPoint(400, 400))
    QApplication.sendEvent(window, QDragEnterEvent(at.toPoint(), actions, data, button, keys))
    QApplication.sendEvent(window, QDropEvent(at, actions, data, button, keys))


def test_saving_and_opening_gives_the_same_bytes(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    window.session.save(path)
    assert path.read_bytes() == STARTER.read_bytes()
    window.session.do("Set", SetParam("guidance", "scale", 4.25))
    assert window.isWindowModified()
    window.documents.save()
    qtbot.waitUntil(lambda: not window.isWindowModified())
    qtbot.waitUntil(lambda: b"4.25" in path.read_bytes())
    window.session.new()
    assert window.canvas.nodes == {}
    window.show_file(path)
    qtbot.waitUntil(lambda: bool(window.session.workflow.nodes))
    assert window.session.workflow.nodes["guidance"].params["scale"] == 4.25
    assert window.windowTitle().startswith("mine")


def test_the_starter_is_never_written_over(window: MainWindow) -> None:
    assert window.session.path is None
    assert window.session.name == "latent-diffusion"


def test_a_broken_file_is_told_in_sentences_and_the_document_stays(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, said: list[str]
) -> None:
    path = tmp_path / "broken.json"
    path.write_text('{"nodeflow": 1, "nodes": {"a": {"inputs": {}}, "2b": {"type": "x.y"}}}')
    window.show_file(path)
    qtbot.waitUntil(lambda: bool(said))
    assert "broken.json cannot be opened." in said[0]
    assert "a.type: a node needs a type" in said[0]
    assert "2b: a node id starts with a letter" in said[0]
    assert "Traceback" not in said[0]
    assert len(window.canvas.nodes) == 10


def test_unsaved_changes_are_asked_about(window: MainWindow, said: list[str]) -> None:
    window.session.do("Set", SetParam("guidance", "scale", 4.25))
    window.documents.close(window.tabs.front)
    assert said == ["latent-diffusion has changes that are not saved."]
    assert window.canvas.nodes
    assert not window.close()


def test_dropping_a_file_or_a_picture_with_a_workflow_opens_it(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "dropped.json"
    file.write_text('{"nodeflow": 1, "nodes": {"noise": {"type": "nodes.gaussian_noise"}}}')
    drop(window, file)
    qtbot.waitUntil(lambda: list(window.canvas.nodes) == ["noise"])
    shot = picture(tmp_path / "shot.png")
    shot.write_bytes(with_workflow(shot.read_bytes(), STARTER.read_bytes()))
    assert workflow_of(shot.read_bytes()) == STARTER.read_bytes()
    assert not QImage(str(shot)).isNull()
    drop(window, shot)
    qtbot.waitUntil(lambda: len(window.canvas.nodes) == 10)
    assert window.session.path is None


def test_dropping_a_picture_without_a_workflow_adds_a_node_that_loads_it(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    plain = picture(tmp_path / "plain.png")
    steps = window.session.stack.count()
    drop(window, plain)
    qtbot.waitUntil(lambda: "load_image" in window.session.workflow.nodes)
    assert window.session.workflow.nodes["load_image"].params["path"] == str(plain)
    assert window.tabs.count() == 1
    assert window.session.stack.count() == steps + 1, "one drop is taken back by one undo"


def test_an_image_that_is_dropped_on_a_node_that_loads_one_is_loaded_there(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    plain = picture(tmp_path / "plain.png")
    drop(window, plain)
    qtbot.waitUntil(lambda: "load_image" in window.session.workflow.nodes)
    count, card, view = len(window.session.workflow.nodes), window.canvas.nodes["load_image"], window.canvas.view
    for held in (False, True):
        other = picture(tmp_path / f"other {held}.png")
        if held:
            other.write_bytes(with_workflow(other.read_bytes(), STARTER.read_bytes()))
        drop(window, other, view.viewport().mapTo(window, view.mapFromScene(card.pos() + QPointF(40, 12))))
        assert window.session.workflow.nodes["load_image"].params["path"] == str(other)
    assert len(window.session.workflow.nodes) == count and window.tabs.count() == 1
    window.session.stack.undo()
    window.session.stack.undo()
    assert window.session.workflow.nodes["load_image"].params["path"] == str(plain)


def test_a_picture_without_a_workflow_says_so(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, said: list[str]
) -> None:
    window.show_file(picture(tmp_path / "plain.png"))
    qtbot.waitUntil(lambda: bool(said))
    assert "this image holds no workflow" in said[0]


@pytest.mark.parametrize("width", [1400, 700])
def test_what_stands_in_the_way_of_a_run_is_read_whole(window: MainWindow, qtbot: QtBot, width: int) -> None:
    window.resize(width, 700)
    window.session.set_missing([Problem("model", "model", "there is no such model; choose another one, or " * 6)])
    qtbot.waitUntil(window.problems.isVisible, timeout=3000)
    QApplication.processEvents()
    told = window.problems.list
    needed = told.fontMetrics().horizontalAdvance(told.item(0).text()) / told.viewport().width()
    assert told.visualItemRect(told.item(0)).height() >= math.ceil(needed) * told.fontMetrics().height()
    assert told.height() >= told.visualItemRect(told.item(0)).height()
    assert needed > 1, "one line would not do"


def test_what_stands_in_the_way_of_a_run_is_shown_and_goes_when_put_right(window: MainWindow, qtbot) -> None:
    assert window.problems.isHidden()
    window.session.do("Disconnect", Disconnect(Socket("decode", "vae")))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running)
    assert not window.problems.isHidden()
    assert window.problems.list.item(0).text() == "decode.vae: needs a wire of type VAE"
    assert window.canvas.nodes["decode"].note == "vae: needs a wire of type VAE"
    window.problems.list.itemClicked.emit(window.problems.list.item(0))
    assert window.canvas.selection.chosen() == ["decode"]
    window.session.stack.undo()
    qtbot.waitUntil(window.problems.isHidden, timeout=3000)
    assert window.canvas.nodes["decode"].note == ""


def test_selecting_a_node_shows_its_help(window: MainWindow) -> None:
    window.canvas.selection.choose(["guidance"])
    page = window.help.page.toPlainText()
    assert "Classifier-free guidance" in page
    assert "scale" in page
    assert "Conditioning, optional" in page


def test_undo_belongs_to_the_text_field_that_has_the_focus(window: MainWindow) -> None:
    window.session.do("Set", SetParam("guidance", "scale", 4.25))
    search = window.canvas.view.search
    QTest.keyClick(window.canvas.view, Qt.Key.Key_Tab)
    QTest.keyClicks(search.field, "m")
    assert window.session.workflow.nodes["guidance"].mode == "run"
    QTest.keyClick(search.field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.workflow.nodes["guidance"].params["scale"] == 4.25
