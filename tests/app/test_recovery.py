"""Recovery: what was not saved survives a crash of the app, and the user's file is never touched by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from nodeflow.app.model.journal import Journal, read
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam

CRASH = """
import os, sys
from nodeflow.app.main import application, open_window
from nodeflow.graph.edits.edits import SetParam
from pathlib import Path
app = application()
window = open_window(Path(sys.argv[1]))
window.show()
while not window.session.workflow.nodes:
    app.processEvents()
window.session.do("Set", SetParam("guidance", "scale", 4.25))
window.recovery.written.connect(lambda _: os._exit(9))
app.exec()
"""


@pytest.fixture
def crashed(window: MainWindow, tmp_path: Path) -> Path:
    """A file that another app had changed when it crashed."""
    path = tmp_path / "mine.json"
    window.session.save(path)
    done = subprocess.run([sys.executable, "-c", CRASH, str(path)], timeout=60)
    assert done.returncode == 9
    return path


def button(window: MainWindow, name: str) -> QPushButton:
    return next(found for found in window.recovery_bar.findChildren(QPushButton) if found.text() == name)


def test_what_was_not_saved_is_offered_after_a_crash(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, crashed: Path
) -> None:
    before = crashed.read_bytes()
    assert b"4.25" not in before
    window.recovery_bar.look()
    qtbot.waitUntil(window.recovery_bar.isVisible, timeout=5000)
    QTest.mouseClick(button(window, "Restore"), Qt.MouseButton.LeftButton)
    assert window.tabs.count() == 2
    assert window.session.workflow.nodes["guidance"].params["scale"] == 4.25
    assert window.session.dirty and window.session.path == crashed
    assert crashed.read_bytes() == before
    assert window.recovery_bar.isHidden()
    qtbot.waitUntil(lambda: window.recovery.background.idle, timeout=5000)
    assert Journal().lost() == []
    kept = list((tmp_path / "data" / "recovery").iterdir())
    assert len(kept) == 1, "from now on it is this app that keeps it"
    window.documents.save()
    qtbot.waitUntil(lambda: b"4.25" in crashed.read_bytes())
    qtbot.waitUntil(lambda: not kept[0].exists(), timeout=5000)


def test_what_is_not_wanted_goes(window: MainWindow, qtbot: QtBot, crashed: Path) -> None:
    window.recovery_bar.look()
    qtbot.waitUntil(window.recovery_bar.isVisible, timeout=5000)
    QTest.mouseClick(button(window, "Discard"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: Journal().lost() == [], timeout=5000)
    assert window.tabs.count() == 1


def test_changes_are_kept_while_they_are_made_and_undone_ones_are_not(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "recovery"
    with qtbot.waitSignal(window.recovery.written, timeout=5000):
        window.session.do("Set", SetParam("guidance", "scale", 4.25))
    path = next(iter(folder.iterdir()))
    entry, workflow = read(path)
    assert entry.name == "latent-diffusion" and b"4.25" in workflow
    assert Journal().lost() == [], "this app lives"
    window.session.stack.undo()
    qtbot.waitUntil(lambda: list(folder.iterdir()) == [], timeout=5000)


def test_a_closed_app_leaves_nothing(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(window.recovery.written, timeout=5000):
        window.session.do("Set", SetParam("guidance", "scale", 4.25))
    window.session.stack.setClean()
    window.close()
    assert list((tmp_path / "data" / "recovery").iterdir()) == []


def test_a_broken_recovery_file_is_passed_over(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "recovery"
    folder.mkdir(parents=True)
    (folder / "1_1-x.json").write_text("{}\n{]")
    (folder / "2_1-y.json").write_bytes(b"\xff\xfe")
    window.recovery_bar.look()
    qtbot.waitUntil(lambda: window.recovery.background.idle, timeout=5000)
    assert window.recovery_bar.isHidden()
