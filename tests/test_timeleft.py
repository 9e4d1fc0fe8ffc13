"""The time left of a run, told from its events."""

from __future__ import annotations

from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodeProgress, NodeSkipped, RunFinished, RunStarted
from nodeflow.reports.time_left import TimeLeft


def test_it_counts_what_is_still_to_come() -> None:
    left = TimeLeft()
    assert left.seconds == 0
    left.take(RunStarted(("a", "b", "c", "d"), expected={"a": 5.0, "b": 10.0, "d": 1.0}))
    assert left.seconds == 16
    left.take(NodeProgress("b", 1, 4, 3.0))
    assert left.seconds == 9
    left.take(NodeProgress("c", 1, 2, 7.0))
    assert left.seconds == 16
    left.take(NodeFinished("a", "ran"))
    left.take(NodeFailed("b", "no"))
    assert left.seconds == 8
    left.take(NodeSkipped("d", "it needs 'b', which failed"))
    assert left.seconds == 7
    left.take(RunFinished("failed", 1.0))
    assert left.seconds == 0
