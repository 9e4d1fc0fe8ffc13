"""Layered drawing of a graph: columns from left to right, few crossings, straight wires. No Qt.

After K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system structures" (1981).
Order and height in a column are found together: every box is drawn to where its wires come from, and boxes that
would overlap share the displacement (isotonic regression by pooling adjacent violators), in sweeps to and fro.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

ACROSS, DOWN, APART = 56.0, 34.0, 60.0
"""Room between columns, between boxes in a column, and between parts that no wire joins."""
_SWEEPS = 6

K = TypeVar("K", bound=Hashable)


class PlacedBox(NamedTuple):
    """Hold what is placed: its size, and where it stands now (which only breaks ties)."""

    width: float
    height: float
    x: float = 0.0
    y: float = 0.0


class Edge(NamedTuple):
    """A wire between two boxes, and how far below the top of each it ends."""

    source: Hashable
    target: Hashable
    leaves: float = 0.0
    enters: float = 0.0


def place(boxes: Mapping[K, PlacedBox], edges: Iterable[Edge]) -> dict[K, tuple[float, float]]:
    """A place for each box, the whole from (0, 0) on. Near linear in boxes and edges; circles do no harm."""
    known = [edge for edge in edges if edge.source != edge.target]
    found: dict[K, tuple[float, float]] = {}
    top = 0.0
    for part, inner in _parts(boxes, known):
        places = _place_part(part, inner)
        lowest = min(y for _, y in places.values())
        for name, (x, y) in places.items():
            found[name] = (x, y - lowest + top)
        top = max(found[name][1] + box.height for name, box in part.items()) + APART
    return found


def _parts(boxes: Mapping[K, PlacedBox], edges: Sequence[Edge]) -> list[tuple[dict[K, PlacedBox], list[Edge]]]:
    """The pieces that hang together, from the top down as they stand now."""
    near: dict[Hashable, list[Hashable]] = {}
    for edge in edges:
        near.setdefault(edge.source, []).append(edge.target)
        near.setdefault(edge.target, []).append(edge.source)
    number: dict[Hashable, int] = {}
    parts: list[dict[K, PlacedBox]] = []
    for name in sorted(boxes, key=lambda name: (boxes[name].y, boxes[name].x)):
        if name in number:
            continue
        part: dict[K, PlacedBox] = {}
        todo: list[Hashable] = [name]
        number[name] = len(parts)
        while todo:
            one = todo.pop()
            part[one] = boxes[one]  # type: ignore[index]
            for other in near.get(one, ()):
                if other not in number:
                    number[other] = len(parts)
                    todo.append(other)
        parts.append(part)
    inner: list[list[Edge]] = [[] for _ in parts]
    for edge in edges:
        inner[number[edge.source]].append(edge)
    return list(zip(parts, inner, strict=True))


def _place_part(boxes: dict[K, PlacedBox], edges: list[Edge]) -> dict[K, tuple[float, float]]:
    column = _columns(boxes, edges)
    columns: list[list[K]] = [[] for _ in range(max(column.values()) + 1)]
    for name in sorted(boxes, key=lambda name: (boxes[name].y, boxes[name].x)):
        columns[column[name]].append(name)
    height: dict[Hashable, float] = {}
    for names in columns:
        below = 0.0
        for name in names:
            height[name] = below
            below += boxes[name].height + DOWN
    before: dict[Hashable, list[Edge]] = {name: [] for name in boxes}
    after: dict[Hashable, list[Edge]] = {name: [] for name in boxes}
    for edge in edges:
        if column[edge.source] < column[edge.target]:  # type: ignore[index]
            before[edge.target].append(edge)
            after[edge.source].append(edge)
    for sweep in range(2 * _SWEEPS):
        for names in columns if sweep % 2 == 0 else columns[::-1]:
            _settle(names, boxes, height, before, after, sweep)
    x, found = 0.0, {}
    for names in columns:
        for name in names:
            found[name] = (x, height[name])
        x += max(boxes[name].width for name in names) + ACROSS
    return found


def _settle(
    names: list[K],
    boxes: dict[K, PlacedBox],
    height: dict[Hashable, float],
    before: dict[Hashable, list[Edge]],
    after: dict[Hashable, list[Edge]],
    sweep: int,
) -> None:
    """Order the boxes of a column and give them their heights, by one side's wires, or at the end by both."""
    wanted: dict[K, float] = {}
    last = sweep >= 2 * _SWEEPS - 2
    for name in names:
        pulls: list[float] = []
        if sweep % 2 == 0 or last:
            pulls += (height[edge.source] + edge.leaves - edge.enters for edge in before[name])
        if sweep % 2 == 1 or last:
            pulls += (height[edge.target] + edge.enters - edge.leaves for edge in after[name])
        wanted[name] = sum(pulls) / len(pulls) if pulls else height[name]
    if len(names) == 1:  # nothing is beside it: it stands where it is drawn to
        height[names[0]] = wanted[names[0]]
        return
    if not last:
        names.sort(key=lambda name: (wanted[name], height[name]))
    spread = _spread([wanted[name] for name in names], [boxes[name].height for name in names])
    height.update(zip(names, spread, strict=True))


def _spread(wanted: list[float], heights: list[float]) -> list[float]:
    """The heights nearest to the wanted ones (least squares) at which the boxes do not overlap, in this order."""
    offsets, below = [], 0.0
    for height in heights:
        offsets.append(below)
        below += height + DOWN
    pools: list[tuple[float, int]] = []  # mean and count
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, many = pools.pop()
            mean = (mean * count + other * many) / (count + many)
            count += many
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _columns(boxes: Mapping[K, PlacedBox], edges: list[Edge]) -> dict[K, int]:
    """A column for each box, right of all it comes from, and as near to what it goes to as that allows.

    On a circle of edges the box that waits for the fewest others goes first.
    """
    into: dict[Hashable, list[Hashable]] = {name: [] for name in boxes}
    out: dict[Hashable, list[Hashable]] = {name: [] for name in boxes}
    for edge in edges:
        into[edge.target].append(edge.source)
        out[edge.source].append(edge.target)
    waits = {name: len(into[name]) for name in boxes}
    column: dict[K, int] = {}
    ready = [name for name in boxes if not waits[name]]
    order: list[K] = []
    while len(order) < len(boxes):
        if not ready:
            left = (name for name in boxes if name not in column)
            ready.append(min(left, key=lambda name: (waits[name], boxes[name].x)))
        name = ready.pop()
        if name in column:
            continue
        known = [column[source] for source in into[name] if source in column]  # type: ignore[index]
        column[name] = max(known, default=-1) + 1
        order.append(name)
        for target in out[name]:
            waits[target] -= 1  # type: ignore[index]
            if not waits[target] and target not in column:  # type: ignore[index]
                ready.append(target)  # type: ignore[arg-type]
    for name in reversed(order):
        following = [column[target] for target in out[name]]  # type: ignore[index]
        if following and len(set(into[name])) < len(set(out[name])) + bool(not into[name]):
            column[name] = max(column[name], min(following) - 1)
    first = min(column.values())
    return {name: number - first for name, number in column.items()}
