"""Estimate of the time a run still takes: from what its nodes took before and what running ones say."""

from __future__ import annotations

from nodeflow.engine.protocol import events as tell


class TimeLeft:
    """Follows a run by its events. A node that never ran here counts nothing until it tells of its steps."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}
        self._items: dict[str, int] = {}
        """Of nodes that run once for each of several items: how many are left."""

    def take(self, event: tell.Event) -> None:
        """Move on by an event."""
        match event:
            case tell.RunStarted():
                self._left, self._items = dict(event.expected), {}
            case tell.NodeMapped(node, _, count):
                self._items[node] = count
            case tell.NodeProgress(node, index, total, seconds):
                others = self._items.get(node, 1) - 1
                if not others:
                    self._left[node] = seconds
                elif index < total:
                    self._left[node] = seconds + others * seconds * total / (total - index)
            case tell.NodeFinished(node) | tell.NodeFailed(node) | tell.NodeSkipped(node):
                left = self._left.pop(node, 0.0)
                others = self._items[node] = self._items.get(node, 1) - 1
                if left and others > 0:
                    self._left[node] = left * others / (others + 1)
            case tell.RunFinished():
                self._left.clear()

    @property
    def seconds(self) -> float:
        """Seconds, as far as they are known; 0 where nothing is."""
        return sum(self._left.values())
