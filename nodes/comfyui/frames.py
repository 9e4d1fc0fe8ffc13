"""Groups and notes of ComfyUI's as frames and notes here."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nodeflow.graph.io.comfyui.model import ComfyNode, GroupFrame
from nodeflow.graph.io.comfyui.prompt import NOTES, notes
from nodeflow.graph.io.comfyui.tolerant import text
from nodeflow.graph.model.annotation import LONGEST_TEXT, Annotation, AnnotationKind
from nodes.comfyui.colours import named_colour
from nodes.comfyui.frame_room import FilledFrame, make_room
from nodes.comfyui.placeholders import storable
from nodes.comfyui.subgraphs import ImportScope

STRETCH_X, STRETCH_Y = 1.8, 1.5
"""Nodes here are wider apart: several stand where one stood."""
LONGEST_TITLE = 200
MOST_FITTED = 200
"""Groups of which it is asked what stands in them."""


def annotate(scope: ImportScope, heights: Mapping[str, float]) -> None:
    """Frames around what stands in each group, and notes. A group of which nothing came here has no frame."""
    body, graph = scope.body, scope.graph
    said = list(notes(graph))
    words_in = {note.id for note in said}
    frames: list[FilledFrame] = []
    for place, group in enumerate(graph.groups):
        inside = [node for node in graph.nodes.values() if place < MOST_FITTED and _holds(group, node)]
        shown = [name for node in inside for name in scope.made.get(f"{scope.path}{node.id}", ()) if name in body.nodes]
        if inside and not shown and not any(node.id in words_in for node in inside):
            continue
        frames.append(FilledFrame(_frame(group), shown))
    drawn = [_note(note) for note in said]
    make_room(frames, drawn, body, heights)
    body.annotations |= {f"frame{number}": one.around(body, heights) for number, one in enumerate(frames, 1)}
    body.annotations |= {f"note{number}": note for number, note in enumerate(drawn, 1)}


def _note(note: ComfyNode) -> Annotation:
    """A note, under its title where a person gave it one that it does not begin with."""
    words = text(note.values[0]) if note.values else text(note.named.get("text"))
    width, height = max(note.width, 200.0), max(note.height, 100.0)
    begins = words.lstrip("#*_ \n").casefold()
    title = note.title if note.type in NOTES and "".join(note.title.split()).casefold() != note.type.casefold() else ""
    if title and not begins.startswith(title.removeprefix("Note:").strip().casefold()):
        words = f"**{title}**\n\n{words}"
    return _drawn("note", note.x, note.y, width, height, storable(words)[:LONGEST_TEXT], note.colour)


def _holds(group: GroupFrame, node: ComfyNode) -> bool:
    """Whether the middle of a node lies in a group."""
    x, y = node.x + node.width / 2, node.y + node.height / 2
    return group.x <= x <= group.x + group.width and group.y <= y <= group.y + group.height


def _frame(group: GroupFrame) -> Annotation:
    width, height = group.width * STRETCH_X, group.height * STRETCH_Y
    title = storable(group.title)[:LONGEST_TITLE]
    return _drawn("frame", group.x, group.y, width, height, title, group.colour)


def _drawn(kind: AnnotationKind, x: float, y: float, width: float, height: float, said: str, colour: str) -> Annotation:
    left, top, width, height = (
        side if math.isfinite(side) else 0.0 for side in (x * STRETCH_X, y * STRETCH_Y, width, height)
    )
    return Annotation(kind, left, top, width, height, said, named_colour(colour))
