"""Room for a node that is put among others: what lies below it goes further down. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

from nodeflow.app.canvas.layout.layered import PlacedBox

GAP = 24.0
K = TypeVar("K", bound=Hashable)


def make_room(new: PlacedBox, others: Mapping[K, PlacedBox], gap: float = GAP) -> tuple[PlacedBox, dict[K, PlacedBox]]:
    """Return where a new box comes to stand, and where those do that it pushes down, and they in turn.

    It goes below what begins above it and reaches into it, and pushes down what begins further down.
    """
    above = [box for box in others.values() if box.y < new.y]
    while hit := [box for box in above if _meet(new, box, gap)]:
        new = new._replace(y=max(box.y + box.height for box in hit) + gap)
        above = [box for box in above if box not in hit]
    firm, moved = [new], dict[K, PlacedBox]()
    for name, box in sorted(others.items(), key=lambda item: item[1].y):
        place = box
        while hit := [other for other in firm if _meet(place, other, gap)]:
            place = place._replace(y=max(other.y + other.height for other in hit) + gap)
        if place != box:
            moved[name] = place
            firm.append(place)
    return new, moved


def beside(new: PlacedBox, others: Collection[PlacedBox], gap: float = 2 * GAP) -> PlacedBox:
    """Return where a piece comes to stand that covers nothing: at its place, else right of what it would cover."""
    while hit := [box for box in others if _meet(new, box, gap)]:
        new = new._replace(x=max(box.x + box.width for box in hit) + gap)
    return new


def _meet(one: PlacedBox, other: PlacedBox, gap: float) -> bool:
    """Return whether two boxes come nearer than a gap in height while they share a column."""
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height + gap
        and other.y < one.y + one.height + gap
    )
