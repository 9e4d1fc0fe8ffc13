"""The gallery: images on disk, their workflows, and what is done with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from app.conftest import STARTER
from app.test_panels import panel
from app.test_tabs import loader
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from nodeflow.app.inspector.image_comparison import ImageComparison
from nodeflow.app.model.watched_images import WatchedImages
from nodeflow.app.panels.folder_list import FolderList
from nodeflow.app.panels.gallery import Gallery
from nodeflow.app.panels.image_page import ImagePage
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.thumbnails import SIZE, load
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, EditBatch
from nodeflow.graph.io.png_text import with_workflow
from nodeflow.graph.model.workflow import Link, Node
from nodeflow.resources import data_folder


def picture(path: Path, colour: str, size: int = 300) -> Path:
    image = QImage(size, size, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(str(path))
    return path


@pytest.fixture
def gallery(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> Gallery:
    """The gallery over three images, the first of which holds the starter workflow."""
    output = tmp_path / "pictures"
    window.hub.output = output
    for number, colour in enumerate(("red", "green", "blue")):
        path = picture(output / "day" / f"shot-{number}.png", colour)
        if colour == "red":
            path.write_bytes(with_workflow(path.read_bytes(), STARTER.read_bytes()))
        os.utime(path, (1000 - number, 1000 - number))
    found = panel(window, "gallery")
    assert isinstance(found, Gallery)
    qtbot.waitUntil(lambda: len(found.model.paths) == 3, timeout=5000)
    return found


ToolTip = Qt.ItemDataRole.ToolTipRole


def choose(gallery: Gallery, row: int) -> None:
    gallery.view.setCurrentIndex(gallery.model.index(row))


def centre(gallery: Gallery, row: int) -> QColor:
    icon = gallery.model.data(gallery.model.index(row), Qt.ItemDataRole.DecorationRole)
    return icon.pixmap(64, 64).toImage().pixelColor(32, 32)  # type: ignore[attr-defined]


def test_pictures_stand_there_latest_first_with_thumbnails_kept_on_disk(
    window: MainWindow, gallery: Gallery, qtbot: QtBot, tmp_path: Path
) -> None:
    assert [path.stem for path in gallery.model.paths] == ["shot-0", "shot-1", "shot-2"]
    assert gallery.count.text() == "3 images"
    for row, colour in enumerate(("red", "green", "blue")):
        qtbot.waitUntil(lambda row=row, colour=colour: centre(gallery, row) == QColor(colour), timeout=5000)
    kept = list((tmp_path / "cache" / "thumbnails").rglob("*.png"))
    assert len(kept) == 3
    assert max(QImage(str(kept[0])).width(), QImage(str(kept[0])).height()) == SIZE
    shot = gallery.model.paths[0]
    kept_before = {path: path.stat().st_mtime_ns for path in kept}
    load(shot)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept_before, "made once"
    picture(shot, "yellow", 310)
    assert load(shot).pixelColor(9, 9) == QColor("yellow"), "a changed file has another thumbnail"


def test_the_workflow_of_a_picture_opens_in_a_tab(window: MainWindow, gallery: Gallery, qtbot: QtBot) -> None:
    choose(gallery, 0)
    QTest.mouseClick(gallery.buttons["open"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.tabs.count() == 2)
    assert len(window.canvas.nodes) == 10
    assert window.session.name == "shot-0"


def test_the_large_view_steps_with_the_arrows(window: MainWindow, gallery: Gallery, qtbot: QtBot) -> None:
    gallery.view.setFocus()
    choose(gallery, 1)
    QTest.keyClick(gallery.view, Qt.Key.Key_Return)
    large = window.findChild(ImagePage)
    assert large is not None
    qtbot.waitUntil(lambda: large.view.frame is not None, timeout=5000)
    assert "2 of 3 · shot-1.png · 300 × 300" in large.words.text()
    QTest.keyClick(large, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: "1 of 3" in large.words.text(), timeout=5000)
    QTest.keyClick(large, Qt.Key.Key_Left)
    assert large.path.stem == "shot-0" and not large.before.isEnabled()
    QTest.mouseClick(large.workflow, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.name == "shot-0")


def test_deleting_asks_and_moves_to_the_trash(
    window: MainWindow, gallery: Gallery, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "share").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    asked: list[str] = []
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *words: (asked.append(words[2]), answers.pop(0))[1])
    paths = list(gallery.model.paths)
    select = QItemSelectionModel.SelectionFlag.Select
    for row in (1, 2):
        gallery.view.selectionModel().select(gallery.model.index(row), select)
    QTest.mouseClick(gallery.buttons["delete"], Qt.MouseButton.LeftButton)
    assert all(path.exists() for path in paths)
    QTest.keyClick(gallery.view, Qt.Key.Key_Delete)
    assert asked == ["Move 2 images to the trash?"] * 2
    qtbot.waitUntil(lambda: gallery.model.paths == paths[:1], timeout=5000)
    assert [path.exists() for path in paths] == [True, False, False]
    assert len(list((tmp_path / "share" / "Trash" / "files").iterdir())) == 2


def test_words_find_images_by_name_and_by_what_they_were_made_with(gallery: Gallery, qtbot: QtBot) -> None:
    def finds(words: str, *names: str) -> None:
        gallery.search.clear()
        QTest.keyClicks(gallery.search, words)
        qtbot.waitUntil(lambda: [path.stem for path in gallery.model.paths] == list(names), timeout=5000)

    finds("t-2", "shot-2")
    assert gallery.count.text() == "1 image"
    finds("latent-diffusion", "shot-0")
    finds("nodeflow 300x300", "shot-0")
    assert "nodeflow · starter:latent-diffusion" in gallery.model.data(gallery.model.index(0), ToolTip)  # type: ignore[operator]
    finds("no such words")


def test_stars_are_given_by_a_key_and_found(gallery: Gallery, qtbot: QtBot) -> None:
    choose(gallery, 1)
    QTest.keyClick(gallery.view, Qt.Key.Key_S)
    assert gallery.model.data(gallery.model.index(1)) == "★ shot-1"
    QTest.keyClicks(gallery.search, "*")
    qtbot.waitUntil(lambda: [path.stem for path in gallery.model.paths] == ["shot-1"], timeout=5000)
    choose(gallery, 0)
    QTest.mouseClick(gallery.buttons["star"], Qt.MouseButton.LeftButton)
    assert gallery.images.index.starred() == set()


def test_another_folder_is_watched_and_two_images_are_compared(
    window: MainWindow, gallery: Gallery, qtbot: QtBot, tmp_path: Path
) -> None:
    picture(tmp_path / "elsewhere" / "old.png", "red")
    QTest.mouseClick(gallery.folders, Qt.MouseButton.LeftButton)
    dialog = window.findChild(FolderList)
    assert dialog is not None
    dialog.put(str(tmp_path / "elsewhere"))
    dialog.accept()
    qtbot.waitUntil(lambda: "old" in [path.stem for path in gallery.model.paths], timeout=5000)
    rows = {path.stem: row for row, path in enumerate(gallery.model.paths)}
    select = QItemSelectionModel.SelectionFlag.Select
    gallery.view.clearSelection()
    for name in ("old", "shot-0"):
        gallery.view.selectionModel().select(gallery.model.index(rows[name]), select)
    QTest.mouseClick(gallery.buttons["compare"], Qt.MouseButton.LeftButton)
    shown = window.findChild(ImageComparison)
    assert shown is not None
    qtbot.waitUntil(lambda: shown.words.text() == "the images are the same", timeout=5000)
    shown.reject()


def test_a_picture_that_a_run_writes_appears(
    window: MainWindow, gallery: Gallery, qtbot: QtBot, tmp_path: Path
) -> None:
    window.documents.new()
    loader(window.session, tmp_path / "in.png", Qt.GlobalColor.red)
    save = (
        AddNode("save", Node("nodes.save_image", params={"name": "fresh"})),
        Connect(Link("larger", "image", "save", "image")),
    )
    window.session.do("Add", EditBatch(save))
    window.run()
    qtbot.waitUntil(lambda: gallery.model.paths[0].stem == "fresh-00001", timeout=60_000)


def test_an_empty_gallery_says_what_fills_it(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.hub.output = tmp_path / "nothing"
    found = panel(window, "gallery")
    assert isinstance(found, Gallery)
    assert not found.empty.isHidden()
    assert "Save image" in found.empty.text()


def test_what_became_of_a_damaged_index_is_told_once(window: MainWindow, qtbot: QtBot) -> None:
    damaged = data_folder() / "gallery.sqlite"
    damaged.parent.mkdir(parents=True, exist_ok=True)
    for beside in damaged.parent.glob("gallery.sqlite-*"):
        beside.unlink()
    damaged.write_bytes(b"no database at all" * 100)
    said: list[str] = []
    window.hub.trouble.connect(said.append)
    images = WatchedImages(window.hub, window.settings, Background(window), window)
    images.scan()
    images.scan()
    assert [str(images.index.set_aside) in line for line in said] == [True]
