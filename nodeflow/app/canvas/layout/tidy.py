"""Tidying a workflow: a layered drawing in which frames keep what lies in them. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from nodeflow.app.canvas.layout.layered import Edge, PlacedBox, place

PAD, TITLE = 24.0, 32.0

Ends = tuple[str, str, float, float]
"""A wire: source, target, and how far below the top of each it ends."""


class Tidied(NamedTuple):
    """New places of nodes and notes, and new boxes of frames, by id."""

    places: dict[str, tuple[float, float]]
    frames: dict[str, PlacedBox]


def tidy(boxes: Mapping[str, PlacedBox], frames: Mapping[str, PlacedBox], wires: Iterable[Ends]) -> Tidied:
    """Lay out boxes (nodes and notes) in layers; each frame is laid out by itself and then moved as one box.

    What lies with its middle in a frame belongs to the smallest such frame. The upper left corner of the whole stays.
    """
    parents = _parents(boxes, frames)
    inside: dict[str | None, list[str]] = {None: []}
    inside |= {name: [] for name in _from_the_smallest(frames)}
    for name in (*boxes, *frames):
        inside[parents[name]].append(name)
    chains = {name: _chain(name, parents) for name in boxes}
    edges: dict[str | None, list[tuple[str, str, Ends]]] = {}
    for wire in wires:
        where, source, target = _meeting(chains[wire[0]], chains[wire[1]])
        edges.setdefault(where, []).append((source, target, wire))
    sizes: dict[str, PlacedBox] = dict(boxes)
    within: dict[str, tuple[float, float]] = {}
    for frame in (*(name for name in inside if name is not None), None):  # the smallest frames first
        members = {member: sizes[member] for member in inside[frame]}
        known = [
            Edge(a, b, _depth(wire[0], a, parents, within) + wire[2], _depth(wire[1], b, parents, within) + wire[3])
            for a, b, wire in edges.get(frame, ())
        ]
        found = place(members, known)
        if frame is None:
            left, top = _corner({**boxes, **frames}.values()) if members else (0.0, 0.0)
            within.update((member, (x + left, y + top)) for member, (x, y) in found.items())
            continue
        within.update((member, (x + PAD, y + PAD + TITLE)) for member, (x, y) in found.items())
        if not members:
            sizes[frame] = frames[frame]
            continue
        right = max(found[member][0] + box.width for member, box in members.items())
        bottom = max(found[member][1] + box.height for member, box in members.items())
        sizes[frame] = PlacedBox(right + 2 * PAD, bottom + 2 * PAD + TITLE, frames[frame].x, frames[frame].y)
    return _absolute(boxes, frames, sizes, parents, within)


def _absolute(
    boxes: Mapping[str, PlacedBox],
    frames: Mapping[str, PlacedBox],
    sizes: Mapping[str, PlacedBox],
    parents: Mapping[str, str | None],
    within: Mapping[str, tuple[float, float]],
) -> Tidied:
    def at(name: str) -> tuple[float, float]:
        x, y = within[name]
        parent = parents[name]
        while parent is not None:
            x, y, parent = x + within[parent][0], y + within[parent][1], parents[parent]
        return round(x), round(y)

    placed = {name: PlacedBox(round(sizes[name].width), round(sizes[name].height), *at(name)) for name in frames}
    return Tidied({name: at(name) for name in boxes}, placed)


def _parents(boxes: Mapping[str, PlacedBox], frames: Mapping[str, PlacedBox]) -> dict[str, str | None]:
    """The smallest frame around each box and each frame."""
    ordered = _from_the_smallest(frames)
    found: dict[str, str | None] = {}
    for name, box in boxes.items():
        x, y = box.x + box.width / 2, box.y + box.height / 2
        found[name] = next((f for f in ordered if _holds(frames[f], x, y)), None)
    for number, name in enumerate(ordered):
        box = frames[name]
        corners = ((box.x, box.y), (box.x + box.width, box.y + box.height))
        larger = ordered[number + 1 :]
        found[name] = next((f for f in larger if all(_holds(frames[f], x, y) for x, y in corners)), None)
    return found


def _from_the_smallest(frames: Mapping[str, PlacedBox]) -> list[str]:
    """Of two of one size the first by name lies in the other, wherever both stand."""
    return sorted(frames, key=lambda name: (frames[name].width * frames[name].height, name))


def _holds(box: PlacedBox, x: float, y: float) -> bool:
    return box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height


def _chain(name: str, parents: Mapping[str, str | None]) -> list[tuple[str | None, str]]:
    """From the node outwards: each frame around it, and what in that frame stands for the node."""
    found: list[tuple[str | None, str]] = []
    one: str | None = name
    while one is not None:
        found.append((parents[one], one))
        one = parents[one]
    return found


def _meeting(a: list[tuple[str | None, str]], b: list[tuple[str | None, str]]) -> tuple[str | None, str, str]:
    """The innermost frame in which both ends of a wire stand, and what stands for each there."""
    others = dict(b)
    where, source = next((frame, one) for frame, one in a if frame in others)
    return where, source, others[where]


def _depth(
    name: str, outer: str, parents: Mapping[str, str | None], within: Mapping[str, tuple[float, float]]
) -> float:
    """Return how far a node stands below the top of a frame around it; 0 for itself."""
    y, one = 0.0, name
    while one != outer:
        y += within[one][1]
        parent = parents[one]
        assert parent is not None
        one = parent
    return y


def _corner(boxes: Iterable[PlacedBox]) -> tuple[float, float]:
    known = list(boxes)
    return min(box.x for box in known), min(box.y for box in known)
