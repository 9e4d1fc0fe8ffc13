"""Order of a run's items where several workers share them: by turns, and what is left from both ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from nodeflow.engine.protocol.share import Share
from nodeflow.graph.model.catalogue import NodeSpec

ONCE = "it happens once, with the worker that runs the whole"
"""Why one that helps leaves out what writes files or gives something else each time."""


def is_repeatable(spec: NodeSpec) -> bool:
    """Return whether it makes no difference how often, and where, a node is computed."""
    return spec.pure and not any(param.writes for param in spec.params)


class SharedItems:
    """One worker's order. ``known`` tells whether another one has left an item's result on the disk.

    Nothing is agreed upon between workers: what one computes, the others find by its key. Near the end two may compute
    the same item once; its result is the same.
    """

    def __init__(self, share: Share, known: Callable[[str], bool]) -> None:
        self.share, self._known = share, known

    def order(self, items: Sequence[str]) -> list[str]:
        """Return the items of this share, then those of others from the last one back."""
        place, of = self.share.place, self.share.of
        others = [item for number, item in enumerate(items) if number % of != place]
        return [*items[place::of], *reversed(others)]

    def beside(self, item: str, items: Sequence[str]) -> Sequence[str]:
        """Return the items that may be computed in one call with an item: those of its share, with ours alone."""
        ours = items[self.share.place :: self.share.of]
        return ours if item in ours else ()

    def turns(self, items: Sequence[str]) -> Iterator[str]:
        """Yield the items one after the other: those of others as soon as they are known, or when ours are done.

        A helper has no use for what is known.
        """
        if self.share.helps:
            yield from (item for item in self.order(items) if not self._known(item))
            return
        waiting: deque[str] = deque()
        for number, item in enumerate(items):
            if number % self.share.of == self.share.place:
                yield item
            else:
                waiting.append(item)
            while waiting and self._known(waiting[0]):
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft() if self._known(waiting[0]) else waiting.pop()
