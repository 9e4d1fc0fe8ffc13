"""The panel of models: found by letters, dragged to nodes and fields, annotated, kept up with the disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import torch
from app.library_folders import fill, folders
from app.seen import add, row_centre
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.convert_dialog import ConvertDialog
from nodeflow.app.dialogs.library_folders import LibraryFolders
from nodeflow.app.panels.model_field import ModelField
from nodeflow.app.panels.model_panel import ModelPanel
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam
from nodeflow.library.folders import discovered, read_settings
from nodeflow.library.library import Library
from tests.library.files import write_sparse
from tests.library.layouts.shapes import SD1, VAE

Key = Qt.Key


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = folders(tmp_path, monkeypatch)
    fill(made)
    return made


@pytest.fixture
def panel(window: MainWindow, qtbot: QtBot) -> ModelPanel:
    """The panel, opened by its action, once the folders were looked through."""
    with qtbot.waitSignal(window.hub.models.scanned, timeout=30_000):
        window.actions_["view.models"].trigger()
    qtbot.waitUntil(lambda: window.hub.models.idle, timeout=30_000)
    dock = next(dock for dock in window.findChildren(Dock) if dock.objectName() == "models")
    found = dock.widget()
    assert isinstance(found, ModelPanel)
    return found


def test_a_family_with_a_long_name_is_read_whole_in_a_narrow_panel(panel: ModelPanel, qtbot: QtBot) -> None:
    box = panel.family
    box.setFixedWidth(90)
    box.setCurrentIndex(max(range(box.count()), key=lambda row: len(box.itemText(row))))
    longest = box.fontMetrics().horizontalAdvance(box.currentText())
    assert longest > 90 and box.toolTip() == box.currentText()
    box.showPopup()
    qtbot.waitUntil(box.view().isVisible)
    assert box.view().width() > longest
    box.hidePopup()


def names(panel: ModelPanel) -> list[str]:
    return [entry.file_name for entry in panel.list.entries]


def choose(panel: ModelPanel, name: str) -> None:
    row = names(panel).index(name)
    panel.view.scrollTo(panel.list.index(row))
    QTest.mouseClick(
        panel.view.viewport(),
        Qt.MouseButton.LeftButton,
        pos=panel.view.visualRect(panel.list.index(row)).center(),
    )


def drop(window: MainWindow, panel: ModelPanel, name: str, at: QPointF, onto: QWidget | None = None) -> None:
    """Let go of a model of the panel over the window, as the window system tells of it."""
    row = names(panel).index(name)
    data = panel.list.mimeData([panel.list.index(row)])
    target = onto or window
    enter = QDragEnterEvent(
        at.toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    event = QDropEvent(at, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(target, event)


def in_window(window: MainWindow, scene: QPointF) -> QPointF:
    view = window.canvas.view
    return QPointF(view.viewport().mapTo(window, view.mapFromScene(scene)))


def test_letters_and_filters_narrow_the_list(panel: ModelPanel) -> None:
    assert {"flux-dev.safetensors", "xl.safetensors", "sd15.safetensors", "ink.safetensors"} <= set(names(panel))
    QTest.keyClicks(panel.search, "ink draw")
    assert names(panel) == ["ink.safetensors"]
    panel.search.clear()
    QTest.keyClicks(panel.kind, "lora")
    assert "ink.safetensors" in names(panel) and all(entry.found.kind == "lora" for entry in panel.list.entries)
    panel.kind.setCurrentIndex(0)
    panel.family.setCurrentIndex(panel.family.findData("FLUX.1"))
    assert sorted(names(panel)) == ["flux-dev.safetensors", "ink.safetensors"]
    assert "2 of" in panel.told.text()


def test_enter_in_the_field_adds_the_node_that_loads_it(window: MainWindow, panel: ModelPanel, qtbot: QtBot) -> None:
    QTest.keyClicks(panel.search, "xl.safe")
    before = set(window.canvas.nodes)
    QTest.keyClick(panel.search, Key.Key_Return)
    qtbot.waitUntil(lambda: set(window.canvas.nodes) != before)
    (new,) = set(window.canvas.nodes) - before
    node = window.session.workflow.nodes[new]
    assert (node.type, node.params["model"]) == ("nodes.load_vae", "vae/xl.safetensors")


def test_a_model_is_dropped_on_the_canvas_on_a_row_and_on_a_field(
    window: MainWindow, panel: ModelPanel, qtbot: QtBot
) -> None:
    before = set(window.canvas.nodes)
    drop(window, panel, "ink.safetensors", QPointF(window.canvas.view.mapTo(window, QPoint(40, 40))))
    qtbot.waitUntil(lambda: set(window.canvas.nodes) != before)
    (new,) = set(window.canvas.nodes) - before
    assert window.session.workflow.nodes[new].params["lora"] == "loras/styles/ink.safetensors"
    add(window, "vae", "nodes.load_vae")
    window.canvas.framing.centre(window.canvas.nodes["vae"])
    QApplication.processEvents()
    count = len(window.canvas.nodes)
    drop(window, panel, "xl.safetensors", in_window(window, row_centre(window, "vae", "model")))
    assert window.session.workflow.nodes["vae"].params["model"] == "vae/xl.safetensors"
    assert len(window.canvas.nodes) == count
    window.canvas.selection.choose(["model"])
    QApplication.processEvents()
    field = window.properties.fields["model"]
    assert isinstance(field, ModelField)
    drop(window, panel, "sd15.safetensors", QPointF(4, 4), field)
    assert window.session.workflow.nodes["model"].params["model"] == "unet/sd15.safetensors"


def test_what_no_node_takes_is_told(window: MainWindow, panel: ModelPanel, qtbot: QtBot) -> None:
    count = len(window.canvas.nodes)
    drop(window, panel, "strange.safetensors", QPointF(window.canvas.view.mapTo(window, QPoint(40, 40))))
    toast = window.canvas.view.toast
    qtbot.waitUntil(lambda: "kind that is not known here" in toast.text())
    assert len(window.canvas.nodes) == count


def test_notes_and_tags_are_kept_and_found(window: MainWindow, panel: ModelPanel, qtbot: QtBot) -> None:
    choose(panel, "flux-dev.safetensors")
    panel.details.tags.setFocus()
    QTest.keyClicks(panel.details.tags, "portraits, fast")
    panel.details.note.setFocus()
    QTest.keyClicks(panel.details.note, "good at hands")
    panel.search.setFocus()
    qtbot.waitUntil(lambda: window.hub.models.idle)
    QTest.keyClicks(panel.search, "portraits hands")
    assert names(panel) == ["flux-dev.safetensors"]
    library = Library()
    (entry,) = library.search("portraits")
    assert (library.own(entry).tags, library.own(entry).note) == (("portraits", "fast"), "good at hands")
    library.close()


def test_what_was_used_last_comes_first(window: MainWindow, panel: ModelPanel, qtbot: QtBot) -> None:
    add(window, "vae", "nodes.load_vae")
    window.session.do("Set", SetParam("vae", "model", "vae/xl.safetensors"))
    window.session.queued.emit()  # a run was written down
    qtbot.waitUntil(lambda: window.hub.models.idle)
    panel.order.setCurrentIndex(panel.order.findData("used"))
    assert {"xl.safetensors", "starter:latent-diffusion"} == {
        one.file_name if ":" not in one.name else one.name for one in panel.list.entries[:2]
    }
    choose(panel, "xl.safetensors")
    assert "last used" in panel.details.used.text()


def action(panel: ModelPanel, name: str, words: str) -> QAction:
    entry = panel.list.entries[names(panel).index(name)]
    return next(one for one in panel.menu(entry).actions() if words in one.text())


def test_names_and_hashes_are_copied(window: MainWindow, panel: ModelPanel, qtbot: QtBot, models: Path) -> None:
    action(panel, "xl.safetensors", "Copy Name").trigger()
    assert QGuiApplication.clipboard().text() == "vae/xl.safetensors"
    action(panel, "xl.safetensors", "Compute").trigger()
    qtbot.waitUntil(lambda: bool(panel.list.entries[names(panel).index("xl.safetensors")].sha256), timeout=10_000)
    digest = hashlib.sha256((models / "vae" / "xl.safetensors").read_bytes()).hexdigest()
    action(panel, "xl.safetensors", "SHA-256").trigger()
    assert QGuiApplication.clipboard().text() == digest
    assert [one.file_name for one in window.hub.models.models.find(digest[:10])] == ["xl.safetensors"]


def test_files_that_come_and_go_are_noticed(window: MainWindow, panel: ModelPanel, qtbot: QtBot, models: Path) -> None:
    for number in range(100):
        write_sparse(models / "vae" / f"new{number:03}.safetensors", VAE)
    qtbot.waitUntil(lambda: sum(name.startswith("new") for name in names(panel)) == 100, timeout=20_000)
    write_sparse(models / "another" / "folder" / "deep.safetensors", SD1)
    qtbot.waitUntil(lambda: "deep.safetensors" in names(panel), timeout=20_000)
    (models / "vae" / "new000.safetensors").unlink()

    def is_gone() -> bool:
        return any(one.gone and one.file_name == "new000.safetensors" for one in panel.list.entries)

    qtbot.waitUntil(is_gone, timeout=20_000)


def test_a_folder_that_is_unplugged_is_told_and_its_models_stay(
    window: MainWindow, panel: ModelPanel, qtbot: QtBot, models: Path
) -> None:
    before = names(panel)
    models.rename(models.parent / "elsewhere")
    qtbot.waitUntil(lambda: str(models) in panel.told.text(), timeout=20_000)
    assert names(panel) == before
    (models.parent / "elsewhere").rename(models)
    qtbot.waitUntil(lambda: str(models) not in panel.told.text(), timeout=20_000)


def test_folders_are_added_and_taken_away(
    window: MainWindow, panel: ModelPanel, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = tmp_path / "more"
    write_sparse(more / "another.safetensors", VAE)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(more))  # the system's own dialog
    QTest.mouseClick(panel.folders, Qt.MouseButton.LeftButton)
    (dialog,) = window.findChildren(LibraryFolders)
    QTest.mouseClick(dialog.add_button, Qt.MouseButton.LeftButton)
    assert read_settings().folders == (str(more),)
    qtbot.waitUntil(lambda: "another.safetensors" in names(panel), timeout=20_000)
    dialog.tree.setCurrentItem(dialog.tree.topLevelItem(0))
    QTest.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "another.safetensors" not in names(panel), timeout=20_000)
    assert read_settings().folders == ()


def test_programs_are_found_where_they_usually_stand(tmp_path: Path) -> None:
    (tmp_path / "Documents" / "ComfyUI" / "models" / "checkpoints").mkdir(parents=True)
    (tmp_path / "webui" / "models" / "Stable-diffusion").mkdir(parents=True)
    (tmp_path / "other" / "models").mkdir(parents=True)
    found = {root.path.name: root.source for root in discovered(tmp_path)}
    assert found == {"ComfyUI": "ComfyUI", "webui": "Stable Diffusion web UI"}


def test_a_pickle_is_converted_by_a_press(window: MainWindow, panel: ModelPanel, qtbot: QtBot, models: Path) -> None:
    torch.save({"emb_params": torch.zeros(4, 768)}, models / "old.pt")
    qtbot.waitUntil(lambda: "old.pt" in names(panel), timeout=20_000)
    action(panel, "old.pt", "Convert").trigger()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(ConvertDialog)), timeout=20_000)
    dialog = next(one for one in window.findChildren(ConvertDialog) if one.isVisible())
    with qtbot.waitSignal(dialog.converted, timeout=120_000):
        QTest.mouseClick(dialog.convert, Qt.MouseButton.LeftButton)
    assert (models / "old.safetensors").is_file()
    qtbot.waitUntil(lambda: "old.safetensors" in names(panel), timeout=20_000)


def test_a_pickle_that_holds_a_program_is_refused_in_a_sentence(
    window: MainWindow, panel: ModelPanel, qtbot: QtBot, models: Path
) -> None:
    torch.save({"run": os.system}, models / "evil.pt")
    dialog = window.models.convert(models / "evil.pt", lambda made: None)
    QTest.mouseClick(dialog.convert, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "system" in dialog.words.text(), timeout=120_000)
    assert "Traceback" not in dialog.words.text() and not (models / "evil.safetensors").exists()
    dialog.reject()
