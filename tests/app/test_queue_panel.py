"""The queue's panel: what was taken out is put back, jobs are changed and repeated, failed ones say why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from app.test_panels import lines, loader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nodeflow.app.panels.queue_panel import QueuePanel
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam

Key, LEFT = Qt.Key, Qt.MouseButton.LeftButton
SECONDS = 180_000


@pytest.fixture
def queue(window: MainWindow, tmp_path: Path) -> QueuePanel:
    window.documents.new()
    loader(window.session, tmp_path / "in.png", Qt.GlobalColor.red)
    dock = window.findChild(Dock, "queue")
    assert dock is not None
    dock.bring()
    found = dock.widget()
    assert isinstance(found, QueuePanel)
    return found


@pytest.fixture
def three(window: MainWindow, queue: QueuePanel, qtbot: QtBot) -> list[str]:
    """Three jobs that wait."""
    QTest.mouseClick(queue.pause, LEFT)
    for name in ("first", "second", "third"):
        window.session.name = name
        window.run()
    qtbot.waitUntil(lambda: len(lines(queue)) == 3, timeout=5000)
    return lines(queue)


def written(queue: QueuePanel) -> bool:
    """Whether words stand in the list of what waits."""
    seen = queue.list.viewport().grab().toImage()
    return len({seen.pixel(x, seen.height() // 2 + y) for x in range(seen.width()) for y in range(-12, 12)}) > 3


def press_cross(queue: QueuePanel, row: int) -> None:
    cross = queue.list.line.cross(queue.list.visualItemRect(queue.list.item(row)))
    QTest.mouseClick(queue.list.viewport(), LEFT, pos=cross.center())


@pytest.mark.parametrize(
    "take_out",
    [
        lambda queue: QTest.mouseClick(queue.clear, LEFT),
        lambda queue: (queue.list.setCurrentRow(1), QTest.mouseClick(queue.remove, LEFT)),
        lambda queue: press_cross(queue, 1),
    ],
    ids=["clear", "remove", "cross"],
)
def test_what_was_taken_out_is_put_back_at_its_place(
    window: MainWindow, queue: QueuePanel, three: list[str], qtbot: QtBot, take_out: Callable[[QueuePanel], object]
) -> None:
    assert not queue.undo.isEnabled()
    take_out(queue)
    qtbot.waitUntil(lambda: len(lines(queue)) < 3, timeout=5000)
    queue.list.setFocus()
    QTest.keyClick(queue.list, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: lines(queue) == three, timeout=5000)
    assert len(window.session.jobs) == 3 and not queue.undo.isEnabled() and queue.over.count() == 0
    assert window.session.stack.canUndo()  # the document's own steps stay


def test_a_waiting_job_is_changed_as_a_document(
    window: MainWindow, queue: QueuePanel, three: list[str], qtbot: QtBot
) -> None:
    queue.list.setCurrentRow(1)
    tabs = window.tabs.count()
    QTest.mouseClick(queue.edit, LEFT)
    qtbot.waitUntil(lambda: window.tabs.count() == tabs + 1 and len(lines(queue)) == 2, timeout=5000)
    assert "second" in window.session.title and set(window.session.workflow.nodes) == {"load", "larger"}
    window.run()
    qtbot.waitUntil(lambda: len(lines(queue)) == 3, timeout=5000)
    assert "second" in lines(queue)[2]


def test_what_is_over_says_how_it_ended_and_is_repeated(
    window: MainWindow, queue: QueuePanel, qtbot: QtBot, tmp_path: Path
) -> None:
    told: list[str] = []
    window.notices.told.connect(told.append)
    window.settings.notify_seconds = 0
    mark = tmp_path / "mark"
    window.settings.notify_command = f"sh -c 'echo $NODEFLOW_OUTCOME > {mark}'"
    window.session.name = "mine"
    window.run()
    qtbot.waitUntil(lambda: queue.over.count() == 1, timeout=SECONDS)
    assert queue.over.item(0).text().startswith("mine · done in")
    qtbot.waitUntil(lambda: queue.list.count() == 0 and written(queue), timeout=SECONDS)  # why nothing stands there
    qtbot.waitUntil(lambda: mark.exists() and mark.read_text() == "done\n", timeout=SECONDS)
    assert told and "mine: done in" in told[0]
    window.session.do("Set", SetParam("load", "path", str(tmp_path / "none.png")))
    window.run()
    qtbot.waitUntil(lambda: queue.over.count() == 2, timeout=SECONDS)
    assert "failed: load" in queue.over.item(0).text() and "none.png" in queue.over.item(0).text()
    queue.over.setCurrentRow(1)
    QTest.mouseClick(queue.again, LEFT)
    qtbot.waitUntil(lambda: queue.over.count() == 3, timeout=SECONDS)
    assert queue.over.item(0).text().startswith("mine · done in")
    assert window.session.state("load").outdated  # that was the workflow of before
