"""What cannot be kept on disk stands in the status bar as long as it lasts."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from nodeflow.engine.protocol.messages import NotKept, WorkerLost
from nodeflow.graph.edits.edits import AddNode
from nodeflow.graph.model.workflow import Node

FULL = "results are not kept on disk, only in memory: /cache cannot be written (disk full)"


def test_what_is_not_kept_is_said_as_long_as_it_lasts(window, qtbot: QtBot) -> None:
    window.show()
    label, tell = window.status.unkept, window.hub._arrived.emit
    assert not label.isVisible()
    tell(NotKept("results", FULL))
    qtbot.waitUntil(label.isVisible)
    assert "results" in label.text()
    assert label.toolTip() == label.accessibleDescription() == FULL
    assert FULL in window.hub.log
    tell(NotKept("queue", "the queue is kept in memory only"))
    qtbot.waitUntil(lambda: "results, the queue" in label.text())
    tell(NotKept("results", "", False))
    qtbot.waitUntil(lambda: "results" not in label.text())
    tell(NotKept("queue", "", False))
    qtbot.waitUntil(lambda: not label.isVisible())


def test_what_only_happened_does_not_stay(window, qtbot: QtBot) -> None:
    window.hub._arrived.emit(NotKept("queue", "the queue's file was damaged; it was set aside", False))
    qtbot.waitUntil(lambda: any("set aside" in line for line in window.hub.log))
    assert window.hub.unkept == {}


def test_a_new_worker_says_anew_what_is_not_kept(window, qtbot: QtBot) -> None:
    window.hub._arrived.emit(NotKept("results", FULL))
    window.hub._arrived.emit(WorkerLost("it was killed"))
    qtbot.waitUntil(lambda: any("disk full" in line for line in window.hub.log) and window.hub.unkept == {})


def test_changes_that_a_crash_would_cost_are_told(window, qtbot: QtBot) -> None:
    folder = window.recovery._journal.folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_bytes(b"in the way")
    window.session.do("add", AddNode("one", Node("nodes.text", 1)))
    qtbot.waitUntil(lambda: "changes" in window.hub.unkept)
    assert str(folder) in window.hub.unkept["changes"]
    folder.unlink()
    window.session.do("add", AddNode("two", Node("nodes.text", 1)))
    qtbot.waitUntil(lambda: window.hub.unkept == {})
    window.session.stack.setClean()
