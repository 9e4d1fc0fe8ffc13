"""Lining boxes up and spacing them evenly. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nodeflow.app.canvas.layout.layered import PlacedBox

Side = Literal["left", "centre", "right", "top", "middle", "bottom"]
Direction = Literal["across", "down"]
Places = dict[str, tuple[float, float]]


def align(boxes: Mapping[str, PlacedBox], side: Side) -> Places:
    """Return where boxes stand that share a side, or a middle line, of the area they cover."""
    left, top = min(box.x for box in boxes.values()), min(box.y for box in boxes.values())
    right, bottom = max(box.x + box.width for box in boxes.values()), max(box.y + box.height for box in boxes.values())

    def moved(box: PlacedBox) -> tuple[float, float]:
        match side:
            case "left":
                return left, box.y
            case "centre":
                return (left + right - box.width) / 2, box.y
            case "right":
                return right - box.width, box.y
            case "top":
                return box.x, top
            case "middle":
                return box.x, (top + bottom - box.height) / 2
            case "bottom":
                return box.x, bottom - box.height

    return {name: moved(box) for name, box in boxes.items()}


def distribute(boxes: Mapping[str, PlacedBox], direction: Direction) -> Places:
    """Return where boxes stand with equal gaps between neighbours; the first and the last stay."""
    across = direction == "across"
    names = sorted(boxes, key=lambda name: boxes[name].x if across else boxes[name].y)
    sizes = {name: boxes[name].width if across else boxes[name].height for name in names}
    starts = {name: boxes[name].x if across else boxes[name].y for name in names}
    first, last = names[0], names[-1]
    room = starts[last] + sizes[last] - starts[first] - sum(sizes.values())
    gap = room / max(1, len(names) - 1)
    found: Places = {}
    at = starts[first]
    for name in names:
        found[name] = (at, boxes[name].y) if across else (boxes[name].x, at)
        at += sizes[name] + gap
    return found
