"""Texts with places in them: boxes that say where in the image each thing of a prompt belongs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from nodeflow.node import DrawnBoxes, Multiline, NodeError, Range, WrittenForm, node
from nodes.values.text_editing import bounded

GRID = 1000
"""What a side of the image is counted in."""
MOST = 200
"""Boxes of one prompt."""


class PromptBox(msgspec.Struct):
    """A rectangle in pixels from the upper left corner, what belongs there, and letters that are to be read there."""

    x: float
    y: float
    width: float
    height: float
    description: str = ""
    text: str = ""


@node("Layout prompt")
def layout_prompt(
    text: Annotated[str, Multiline()] = "",
    boxes: Annotated[str, DrawnBoxes("width", "height"), WrittenForm("JSON list")] = "[]",
    width: Annotated[int, Range(16, 16384)] = 1024,
    height: Annotated[int, Range(16, 16384)] = 1024,
) -> str:
    """Appends a table of boxes to a prompt, for models that read where things belong (FLUX.3).

    ``boxes`` is a JSON list of objects with ``x``, ``y``, ``width`` and ``height`` in pixels of an image of ``width``
    by ``height``, a ``description``, and ``text`` for letters that are to stand there. Box n is called ``obj_n``, and
    ``<obj_n>`` in the prompt ties words to it. The table counts each side from 0 to 1000, as top, left, bottom, right.
    Without boxes the prompt stays as it is.

    The boxes can be drawn on an image: click their row.

    Fails where ``boxes`` is no such list.
    Black Forest Labs, FLUX.3 Image: bounding boxes (2026).
    """
    try:
        found = msgspec.json.decode(boxes.strip() or "[]", type=list[PromptBox])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise NodeError(
            "boxes is no JSON list of boxes, each with numbers for x, y, width and height; draw them, or mend it"
        ) from None
    if len(found) > MOST:
        raise NodeError(f"there are {len(found)} boxes; a prompt takes up to {MOST}")
    if not found:
        return text
    rows = [
        {"id": f"obj_{number}", "bbox": _edges(box, width, height), "desc": _told(box)}
        for number, box in enumerate(found, 1)
    ]
    return bounded(f"{text} {msgspec.json.encode(rows).decode()}".strip())


def _edges(box: PromptBox, width: int, height: int) -> list[int]:
    across, down = sorted((box.x, box.x + box.width)), sorted((box.y, box.y + box.height))
    places = down[0] / height, across[0] / width, down[1] / height, across[1] / width
    return [round(max(0.0, min(1.0, place)) * GRID) for place in places]


def _told(box: PromptBox) -> str:
    return f'the text "{box.text}" {box.description}'.rstrip() if box.text else box.description
