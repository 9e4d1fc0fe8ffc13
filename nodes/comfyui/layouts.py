"""ComfyUI's boxes drawn on a canvas, and the prompts that are made of them; views of a camera in words."""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import Any

import msgspec

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value
from nodes.comfyui.registry import Outputs, translates

SIDES = (
    "front view",
    "front-right quarter view",
    "right side view",
    "back-right quarter view",
    "back view",
    "back-left quarter view",
    "left side view",
    "front-left quarter view",
)
HEIGHTS = ("low-angle shot", "eye-level shot", "elevated shot", "high-angle shot")
DISTANCES = ("wide shot", "medium shot", "close-up")
LEVELS, STEPS_NEARER = (-15, 15, 45), (2, 6)
"""From where on the next words count: degrees above the subject, and how near the camera is."""
TABLE = "the table is written as FLUX.3's documentation has it"


class LayoutBoxes(msgspec.Struct, frozen=True):
    """Boxes as the text of a layout node, in pixels of a canvas."""

    text: str
    count: int
    width: Any
    height: Any


@translates("CreateBoundingBoxes")
def boxes(given: Given, build: Builder) -> Outputs:
    """What was drawn; boxes that come by wire replace it in ComfyUI."""
    if given.has("bboxes"):
        raise CannotTranslateError("boxes that come by wire have no counterpart here")
    drawn = given.constant("editor_state", [])
    found = [_box(one) for one in drawn if isinstance(one, dict)] if isinstance(drawn, list) else []
    text = json.dumps(found, ensure_ascii=False, indent=1) if found else "[]"
    return None, None, LayoutBoxes(text, len(found), given.get("width", 1024), given.get("height", 1024))


def _box(drawn: dict[Any, Any]) -> dict[str, Any]:
    about = drawn.get("metadata")
    known = about if isinstance(about, dict) else {}
    box: dict[str, Any] = {key: _number(drawn.get(key)) for key in ("x", "y", "width", "height")}
    box["description"] = str(known.get("desc") or "")
    if known.get("type") == "text" and known.get("text"):
        box["text"] = str(known["text"])
    return box


def _number(found: Any) -> float:
    return found if isinstance(found, (int, float)) and not isinstance(found, bool) else 0


@translates("Flux3LayoutPrompt")
def layout(given: Given, build: Builder) -> Value:
    found = given.inputs.get("element")
    if found is None:
        return Value(build.node("text", "text", text=given.get("prompt", "")))
    if not isinstance(found, LayoutBoxes):
        raise CannotTranslateError("its element comes from what has no counterpart here")
    if found.count:
        given.approximate(TABLE)
    about = {"boxes": found.text, "width": found.width, "height": found.height}
    return Value(build.node("layout_prompt", "layout", text=given.get("prompt", ""), **about))


@translates("CameraAngle")
def camera(given: Given, build: Builder) -> Outputs:
    """The words for where a camera stands; the camera itself is for three-dimensional scenes."""
    around = int((given.whole("horizontal_angle") % 360 + 22.5) // 45) % len(SIDES)
    above = bisect_right(LEVELS, given.whole("vertical_angle"))
    near = bisect_right(STEPS_NEARER, given.number("zoom", 5.0))
    text = f"{SIDES[around]} {HEIGHTS[above]} {DISTANCES[near]}"
    return None, Value(build.node("text", "view", text=text), text)
