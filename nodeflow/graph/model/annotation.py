"""Annotations beside the nodes: frames behind them and notes. They are layout, never part of a result."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
from msgspec.structs import force_setattr

AnnotationKind = Literal["frame", "note"]

FARTHEST = 10_000_000.0
"""Scene units from the middle of the canvas to its edge, where nothing stands beyond: 20,000 nodes in a row fit."""
SMALLEST, LARGEST = 8.0, 2_000_000.0
"""Scene units of the sides of a frame or note."""
LONGEST_TEXT = 100_000
"""Characters of a note."""


class Annotation(msgspec.Struct, frozen=True):
    """A titled frame behind nodes, or a note: its box in scene units, its text, and the name of its colour.

    A box beyond what a canvas can show is brought within. ``text`` is the title of a frame, and the Markdown of a note.
    ``extra`` keeps fields that this version does not know, as the JSON text they were read from.
    """

    kind: AnnotationKind
    x: float
    y: float
    width: float
    height: float
    text: str = ""
    colour: str = ""
    extra: dict[str, bytes] = {}

    def __post_init__(self) -> None:
        if not (abs(self.x) <= FARTHEST and abs(self.y) <= FARTHEST):
            for name in ("x", "y"):
                force_setattr(self, name, within(getattr(self, name), -FARTHEST, FARTHEST))
        if not (SMALLEST <= self.width <= LARGEST and SMALLEST <= self.height <= LARGEST):
            for name in ("width", "height"):
                force_setattr(self, name, within(getattr(self, name), SMALLEST, LARGEST))

    def holds(self, x: float, y: float) -> bool:
        """Return whether a point lies in its box."""
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


def read(text: msgspec.Raw) -> Annotation | None:
    """``{"kind": "frame", "box": [x, y, width, height], ...}``; None for a form that only a later version knows."""
    try:
        fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        kind = msgspec.json.decode(fields.pop("kind"), type=AnnotationKind)
        box = msgspec.json.decode(fields.pop("box"), type=tuple[float, float, float, float])
        words = msgspec.json.decode(fields.pop("text", msgspec.Raw(b'""')), type=str)
        colour = msgspec.json.decode(fields.pop("colour", msgspec.Raw(b'""')), type=str)
    except (msgspec.ValidationError, KeyError):
        return None
    return Annotation(kind, *box, words, colour, {name: bytes(value) for name, value in fields.items()})


def within(number: float, low: float, high: float) -> float:
    """A number from a file or a gesture, brought into a range; the middle of it for what is no number."""
    if math.isnan(number):
        return (low + high) / 2
    return min(max(number, low), high)
