"""Frames as large as what stands in them, and the rest moved down by as much: nodes here are taller than ComfyUI's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec.structs import replace

from nodeflow.graph.model.annotation import Annotation
from nodeflow.graph.model.workflow import Placement, Workflow

T = TypeVar("T", Annotation, Placement)

WIDTH, EDGE, HEAD = 300.0, 24.0, 48.0
"""Pixels: how wide nodes are, and what a frame leaves around them and above them."""
TOUCH = 1.0
"""Pixels by which boxes may reach over each other."""


@dataclass
class FilledFrame:
    """A frame as it was drawn, and the nodes that stand in it."""

    frame: Annotation
    names: list[str]

    def around(self, body: Workflow, heights: Mapping[str, float]) -> Annotation:
        """The frame, as far as what stands in it reaches."""
        frame, spots = self.frame, [(body.layout[name], heights[name]) for name in self.names]
        if not spots:
            return frame
        left = min(frame.x, *(spot.x - EDGE for spot, _ in spots))
        top = min(frame.y, *(spot.y - HEAD for spot, _ in spots))
        right = max(frame.x + frame.width, *(spot.x + WIDTH + EDGE for spot, _ in spots))
        bottom = max(frame.y + frame.height, *(spot.y + height + EDGE for spot, height in spots))
        return replace(frame, x=left, y=top, width=right - left, height=bottom - top)


def make_room(frames: list[FilledFrame], notes: list[Annotation], body: Workflow, heights: Mapping[str, float]) -> None:
    """Move what a frame that grew would reach over, down or to the right, with all that stands as far: what was below
    or beside stays so."""
    for start, length in (("y", "height"), ("x", "width")):
        _Line(start, length, frames, notes, body, heights).make_room()


@dataclass
class _Line:
    """Makes room in one direction: where boxes start in it, and how long they are, by the names of these."""

    start: str
    length: str
    frames: list[FilledFrame]
    notes: list[Annotation]
    body: Workflow
    heights: Mapping[str, float]

    def make_room(self) -> None:
        for one in sorted(self.frames, key=lambda filled: self._end(filled.frame)):
            line, grown = self._end(one.frame), one.around(self.body, self.heights)
            more = self._end(grown) - line
            behind = [other for other in self.frames if other is not one and self._starts(other.frame, line)]
            noted = [place for place, note in enumerate(self.notes) if self._starts(note, line)]
            boxes = [*(other.frame for other in behind), *(self.notes[place] for place in noted)]
            if more > TOUCH and any(_over(grown, box) for box in boxes):
                self._move(one, line, more, behind, noted)

    def _move(self, grown: FilledFrame, line: float, more: float, behind: list[FilledFrame], noted: list[int]) -> None:
        """Move all that starts behind a line, but for what stands in the frame that grew."""
        for other in self.frames:
            if any(other is one for one in behind):
                other.frame = self._moved(other.frame, more)
            elif other is not grown and self._end(other.frame) > line and behind:
                other.frame = replace(other.frame, **{self.length: getattr(other.frame, self.length) + more})
        for name, spot in self.body.layout.items():
            if self._starts(spot, line) and name not in grown.names:
                self.body.layout[name] = self._moved(spot, more)
        for place in noted:
            self.notes[place] = self._moved(self.notes[place], more)

    def _starts(self, one: Any, line: float) -> bool:
        return bool(getattr(one, self.start) >= line - TOUCH)

    def _end(self, box: Annotation) -> float:
        return float(getattr(box, self.start) + getattr(box, self.length))

    def _moved(self, one: T, more: float) -> T:
        return replace(one, **{self.start: getattr(one, self.start) + more})


def _over(one: Annotation, other: Annotation) -> bool:
    """Whether two boxes reach over each other."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > TOUCH and down > TOUCH
