"""How long a run may still take: what its nodes took in earlier runs, and what the running ones say themselves."""

from __future__ import annotations

from nodeflow.engine import events as tell


class TimeLeft:
    """Follows a run by its events. A node that never ran here counts nothing until it tells of its steps."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}

    def take(self, event: tell.Event) -> None:
        """Move on by an event."""
        match event:
            case tell.RunStarted():
                self._left = dict(event.expected)
            case tell.NodeProgress(node, _, _, seconds):
                self._left[node] = seconds
            case tell.NodeFinished(node) | tell.NodeFailed(node) | tell.NodeSkipped(node):
                self._left.pop(node, None)
            case tell.RunFinished():
                self._left.clear()

    @property
    def seconds(self) -> float:
        """Seconds, as far as they are known; 0 where nothing is."""
        return sum(self._left.values())
