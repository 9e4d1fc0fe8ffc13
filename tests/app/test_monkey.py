"""Two thousand random actions on a window that really runs: edits, wires, groups, undo, saves, runs, cancels, kills,
and whatever panels, pages and dialogs show.

Nothing raises (pytest-qt fails a test for an exception in any slot), the canvas always shows the document, the document
equals its file after a round trip, and taking everything back leads to the very start.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from app.any_widget import PLAYGROUND, AnyWidget
from app.depths import Depths
from app.hands import Hand, strike
from app.seen import differences
from app.test_random_hand import HELD, KEYS, somewhere
from app.undo_watch import UndoWatch
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.panels.queue_panel import QueuePanel
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.io.files import dumps, loads

ACTIONS, FEW = 500, 120  # for each of four monkeys at night; MONKEYS=40 in the environment lets loose more
MAX_NODES = 40
ASKING = "file."
"""Actions that ask for a file, or that end it all; they have tests of their own."""


class Monkey:
    """Does anything, by the dice."""

    def __init__(self, window: MainWindow, seed: int, folder: Path) -> None:
        self.window, self.dice, self.folder = window, random.Random(seed), folder
        self.watches: dict[DocumentSession, UndoWatch] = {}
        self.any_widget, self.depths = AnyWidget(window, self.dice), Depths(window, self.dice)
        self.kills = 0
        self.weights: dict[Callable[[], None], int] = {
            self.drag: 14,
            self.click: 6,
            self.double_click: 3,
            self.key: 12,
            self.action: 20,
            self.undo: 5,
            self.redo: 3,
            self.begin_again: 2,
            self.zoom: 1,
            self.save: 2,
            self.run: 6,
            self.wait: 4,
            self.cancel: 1,
            self.kill: 1,
            self.queue_panel: 3,
            self.any_widget.bring: 3,
            self.any_widget.poke: 30,
            self.depths.enter: 8,
        }
        self._answers = QTimer(window, interval=10)
        self._answers.timeout.connect(self._leave_questions)
        self._answers.start()

    def _leave_questions(self) -> None:
        """What asks for more than the document has gets no answer, and what is dragged out of the window is let go."""
        self.any_widget.let_go()
        for asking in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
            if isinstance(asking, QMenu):  # later, since what it holds may ask, and wait for this very answer
                QTimer.singleShot(0, asking, lambda menu=asking: self.depths.play(menu))
            elif asking is not None and not isinstance(asking, PLAYGROUND):
                asking.close()

    @property
    def hand(self) -> Hand:
        return Hand(self.window)

    @property
    def session(self) -> DocumentSession:
        return self.window.session

    def act(self) -> str:
        """Do something; its name."""
        self.watch()
        (what,) = self.dice.choices(list(self.weights), list(self.weights.values()))
        if QApplication.activeModalWidget() is not None:
            what = self.any_widget.poke
        what()
        if len(self.window.canvas.nodes) > MAX_NODES:
            self.session.stack.undo()
        return what.__name__

    def watch(self) -> None:
        """Remember what each tab's steps lead to."""
        sessions = [tab.session for tab in self.window.tabs]
        self.watches = {session: self.watches.get(session) or UndoWatch(session) for session in sessions}

    def drag(self) -> None:
        window, dice = self.window, self.dice
        self.hand.drag(somewhere(window, dice), somewhere(window, dice), dice.randrange(1, 5), dice.choice(HELD))

    def click(self) -> None:
        held = self.dice.choice(HELD)
        self.hand.press(somewhere(self.window, self.dice), held)
        self.hand.release(held)

    def double_click(self) -> None:
        self.hand.double_click(somewhere(self.window, self.dice))

    def key(self) -> None:
        strike(self.window, self.dice.choice(KEYS))

    def action(self) -> None:
        entries = [entry for entry in self.window.actions_.entries.values() if not entry.id.startswith(ASKING)]
        self.dice.choice(entries).action.trigger()

    def undo(self) -> None:
        self.session.stack.undo()

    def redo(self) -> None:
        self.session.stack.redo()

    def begin_again(self) -> None:
        """Take everything back, and run what was there."""
        self.session.stack.setIndex(0)
        self.run()
        self.wait()

    def zoom(self) -> None:
        self.hand.view.camera.set_scale(self.hand.view.camera.zoom * self.dice.choice([0.5, 1.6, 2.0]))

    def save(self) -> None:
        """The document equals its file."""
        path = self.folder / "monkey.json"
        self.session.save(path)
        assert dumps(loads(path.read_bytes())) == path.read_bytes() == dumps(self.session.workflow)

    def run(self) -> None:
        self.session.run()

    def wait(self) -> None:
        """Let the run come on."""
        if self.session.running:
            QTest.qWait(self.dice.randrange(400))

    def cancel(self) -> None:
        self.session.cancel()

    def queue_panel(self) -> None:
        """Choose some jobs, and press a button that can be pressed."""
        assert self.window.panels is not None
        panel = self.window.panels.bring("queue")
        assert isinstance(panel, QueuePanel)
        for jobs in (panel.list, panel.over):
            for row in range(jobs.count()):
                jobs.item(row).setSelected(self.dice.random() < 0.3)
        buttons = (panel.pause, panel.remove, panel.clear, panel.undo, panel.edit, panel.again)
        QTest.mouseClick(self.dice.choice(buttons), Qt.MouseButton.LeftButton)
        if self.window.hub.paused:
            QTest.mouseClick(panel.pause, Qt.MouseButton.LeftButton)

    def kill(self) -> None:
        pid = self.session.hub.engine.pid
        if pid and self.session.running and self.kills < 2:
            self.kills += 1
            os.kill(pid, signal.SIGKILL)


def monkeys() -> range:
    """The seeds of a night: ``MONKEYS=40`` lets loose forty, ``MONKEYS=200-240`` those from 200 on."""
    first, _, end = os.environ.get("MONKEYS", "4").rpartition("-")
    return range(int(first or 0), int(end))


@pytest.mark.parametrize(
    ("seed", "actions"),
    [(0, FEW), *(pytest.param(seed, ACTIONS, marks=pytest.mark.nightly) for seed in monkeys())],
)
def test_a_monkey_breaks_nothing(window: MainWindow, seed: int, actions: int, tmp_path: Path, qtbot: QtBot) -> None:
    monkey, done = Monkey(window, seed, tmp_path), []
    window.activateWindow()
    window.canvas.view.setFocus()
    window.hub.start()
    qtbot.waitUntil(lambda: bool(window.hub.device), timeout=60_000)
    for _ in range(actions):
        done.append(monkey.act())
        QApplication.processEvents()
        assert window.canvas.view.wire.active or not differences(window), done[-5:]
        monkey.watch()
        assert not [fault for watch in monkey.watches.values() for fault in watch.look()], done[-5:]
    while (dialog := QApplication.activeModalWidget()) is not None:
        dialog.close()
    for tab in window.tabs:
        tab.session.cancel()
    qtbot.waitUntil(lambda: not any(tab.session.running for tab in window.tabs), timeout=60_000)
    for tab in window.tabs:
        tab.session.take_typed.emit()
        tab.canvas.view.wire.drop()
        assert not monkey.watches[tab.session].go_back()
    assert not differences(window)
    monkey.save()
