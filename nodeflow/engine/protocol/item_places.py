"""Places of a run's items along their axes, gathered from its events. No torch: app and report use it."""

from __future__ import annotations

from nodeflow.engine.protocol.events import Event, Item, ListKnown, NodeMapped, RunStarted

Value = str | int | float | bool


def item_id(node: str, item: Item) -> str:
    """The id of an item's task, counted from 1 as people do: ``decode[3]``, in a grid ``decode[1,3]``."""
    return f"{node}[{','.join(str(place + 1) for place in item)}]" if item else node


class ItemPlaces:
    """The axes of each node that lists or sweeps run several times, and the values along them."""

    def __init__(self) -> None:
        self.axes: dict[str, tuple[str, ...]] = {}
        self.counts: dict[str, int] = {}
        self._values: dict[tuple[str, Item], tuple[Value, ...]] = {}

    def take(self, event: Event) -> None:
        """Learn from an event of the run."""
        match event:
            case RunStarted():
                self.axes, self.counts, self._values = {}, {}, {}
            case ListKnown(axis, values, item):
                self._values[axis, item] = values
            case NodeMapped(node, axes, count):
                self.axes[node], self.counts[node] = axes, count

    def values(self, node: str, item: Item) -> dict[str, Value]:
        """Return what an item of a node stands for, by axis: ``{"guidance.scale": 5}``."""
        at = dict(zip(self.axes.get(node, ()), item, strict=False))
        found: dict[str, Value] = {}
        for axis, place in at.items():
            known = self._values.get((axis, tuple(at[name] for name in self.axes.get(axis, ()))), ())
            found[axis] = known[place] if place < len(known) else place + 1
        return found

    def length(self, axis: str) -> int:
        """Return how many items there are along an axis; 0 where that differs from item to item of another one."""
        return 0 if self.axes.get(axis) else len(self._values.get((axis, ()), ()))

    def words(self, node: str, item: Item) -> str:
        """The same in words: ``guidance.scale 5, noise.seed 2``; empty for a node that runs once."""
        return ", ".join(f"{axis} {_short(value)}" for axis, value in self.values(node, item).items())


def plainly(value: Value) -> str:
    """A value as people type it: 5 rather than 5.0."""
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _short(value: Value) -> str:
    text = repr(value) if isinstance(value, str) else plainly(value)
    return text if len(text) <= 40 else text[:37] + "..."
