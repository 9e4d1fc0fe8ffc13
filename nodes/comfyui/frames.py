"""Groups and notes of ComfyUI's as frames and notes here."""

from __future__ import annotations

import math
from collections.abc import Mapping

from nodeflow.graph.io.comfyui.model import ComfyNode, GroupFrame
from nodeflow.graph.io.comfyui.prompt import notes
from nodeflow.graph.io.comfyui.tolerant import text
from nodeflow.graph.model.annotation import LONGEST_TEXT, Annotation, AnnotationKind
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.colours import named_colour
from nodes.comfyui.placeholders import storable
from nodes.comfyui.subgraphs import ImportScope

STRETCH_X, STRETCH_Y = 1.8, 1.5
"""Nodes here are wider apart: several stand where one stood."""
WIDTH, EDGE, HEAD = 300.0, 24.0, 48.0
"""Pixels: how wide nodes are, and what a frame leaves around them and above them."""
LONGEST_TITLE = 200
MOST_FITTED = 200
"""Groups of which it is asked what stands in them."""


def annotate(scope: ImportScope, heights: Mapping[str, float]) -> None:
    """Frames around what stands in each group, and notes. A group of which nothing came here has no frame."""
    body, graph = scope.body, scope.graph
    said = list(notes(graph))
    words_in = {note.id for note in said}
    number = 0
    for place, group in enumerate(graph.groups):
        inside = [node for node in graph.nodes.values() if place < MOST_FITTED and _holds(group, node)]
        shown = [name for node in inside for name in scope.made.get(f"{scope.path}{node.id}", ()) if name in body.nodes]
        if inside and not shown and not any(node.id in words_in for node in inside):
            continue
        number += 1
        body.annotations[f"frame{number}"] = _around(_frame(group), shown, body, heights)
    for number, note in enumerate(said, 1):
        words = text(note.values[0]) if note.values else text(note.named.get("text"))
        width, height = max(note.width, 200.0), max(note.height, 100.0)
        written = storable(words)[:LONGEST_TEXT]
        body.annotations[f"note{number}"] = _drawn("note", note.x, note.y, width, height, written, note.colour)


def _holds(group: GroupFrame, node: ComfyNode) -> bool:
    """Whether the middle of a node lies in a group."""
    x, y = node.x + node.width / 2, node.y + node.height / 2
    return group.x <= x <= group.x + group.width and group.y <= y <= group.y + group.height


def _frame(group: GroupFrame) -> Annotation:
    width, height = group.width * STRETCH_X, group.height * STRETCH_Y
    title = storable(group.title)[:LONGEST_TITLE]
    return _drawn("frame", group.x, group.y, width, height, title, group.colour)


def _around(frame: Annotation, names: list[str], body: Workflow, heights: Mapping[str, float]) -> Annotation:
    """A frame that reaches as far as what stands in it."""
    spots = [(body.layout[name], heights[name]) for name in names]
    if not spots:
        return frame
    left = min(frame.x, *(spot.x - EDGE for spot, _ in spots))
    top = min(frame.y, *(spot.y - HEAD for spot, _ in spots))
    right = max(frame.x + frame.width, *(spot.x + WIDTH + EDGE for spot, _ in spots))
    bottom = max(frame.y + frame.height, *(spot.y + height + EDGE for spot, height in spots))
    return Annotation(frame.kind, left, top, right - left, bottom - top, frame.text, frame.colour)


def _drawn(kind: AnnotationKind, x: float, y: float, width: float, height: float, said: str, colour: str) -> Annotation:
    left, top, width, height = (
        side if math.isfinite(side) else 0.0 for side in (x * STRETCH_X, y * STRETCH_Y, width, height)
    )
    return Annotation(kind, left, top, width, height, said, named_colour(colour))
