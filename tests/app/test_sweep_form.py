"""The form of a sweep, and its run with the real engine: images for each value, and a sheet in the gallery."""

from __future__ import annotations

from pathlib import Path

from app.test_run import SECONDS, small_workflow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.sweep_dialog import SweepDialog
from nodeflow.app.panels.gallery import Gallery
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.io.png_text import workflow_of


def form(window: MainWindow) -> SweepDialog:
    window.actions_["run.sweep"].trigger()
    dialog = window.findChild(SweepDialog)
    assert isinstance(dialog, SweepDialog)
    return dialog


def test_two_parameters_make_a_grid_and_a_sheet(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    small_workflow(window, tmp_path / "in.png")
    gallery = window.findChild(Dock, "gallery").fill()
    assert isinstance(gallery, Gallery)
    window.canvas.selection.choose(["larger"])
    dialog = form(window)
    assert dialog.first.place.currentData().startswith("larger.")
    assert not dialog.run.isEnabled()
    dialog.first.choose("larger.width")
    QTest.keyClicks(dialog.first.values, "16..48/3")
    dialog.second.choose("larger.height")
    QTest.keyClicks(dialog.second.values, "16, 24")
    assert dialog.run.isEnabled() and "6" in dialog.told.text()
    QTest.mouseClick(dialog.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    sheet = tmp_path / "contact-sheet-00001.png"
    qtbot.waitUntil(lambda: sheet in gallery.model.paths, timeout=SECONDS)
    assert sum(path.name.startswith("picture-larger.width=") for path in gallery.model.paths) == 6
    assert workflow_of(sheet.read_bytes()) is not None


def test_what_is_wrong_is_said_before_it_runs(window: MainWindow, qtbot: QtBot) -> None:
    window.canvas.selection.choose(["scheduler"])
    dialog = form(window)
    dialog.first.choose("scheduler.steps")
    for text, words in (("20, many", "many"), ("0", "whole number"), ("1..20000", "too many")):
        dialog.first.values.clear()
        QTest.keyClicks(dialog.first.values, text)
        assert words in dialog.told.text() and not dialog.run.isEnabled(), text
    dialog.first.choose("scheduler.kind")
    assert dialog.run.isEnabled()  # all kinds stand there at once
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(SweepDialog) is None)
    assert not window.session.running
