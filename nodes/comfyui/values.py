"""ComfyUI's numbers, texts and choices as nodes."""

from __future__ import annotations

import re
from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.choosing import by_choice
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value, Wire, wire_of
from nodes.comfyui.registry import Outputs, translates

PRIMITIVES = {
    "PrimitiveInt": ("whole_number", "whole_number"),
    "SeedNode": ("whole_number", "seed"),
    "PrimitiveFloat": ("number", "number"),
    "PrimitiveString": ("text", "text"),
    "PrimitiveStringMultiline": ("text", "text"),
    "PrimitiveBoolean": ("yes_or_no", "choice"),
}
"""Nodes here with what they are called, and the name of their parameter."""
RATIO = re.compile(r"\s*(\d+(?:\.\d+)?)\s*:\s*(\d+(?:\.\d+)?)")


@translates(*PRIMITIVES)
def primitive(given: Given, build: Builder) -> Value:
    kind, name = PRIMITIVES[given.type]
    found = given.get("seed" if given.type == "SeedNode" else "value")
    if isinstance(found, (Value, Wire)):
        return found if isinstance(found, Value) else Value(found)
    wire = build.node(kind, name, **{"text" if kind == "text" else "value": found})
    return Value(wire, found)


@translates("ComfySwitchNode")
def switch(given: Given, build: Builder) -> Any:
    """A switch for each wire that its two sides differ in; one side may be left open."""
    off, on = given.inputs.get("on_false"), given.inputs.get("on_true")
    alone = on if off is None else off
    if (off is None) != (on is None) and isinstance(alone, (Wire, Value)):
        wire = build.node("switch", "switch", when_off=wire_of(off), when_on=wire_of(on), on=given.get("switch", False))
        return Value(wire) if isinstance(alone, Value) else wire
    return by_choice(given, build, given.get("switch", False), on, off)


@translates("ResolutionSelector")
def resolution(given: Given, build: Builder) -> Outputs:
    ratio = RATIO.match(given.text("aspect_ratio", "1:1"))
    if ratio is None:
        raise CannotTranslateError("its ratio is not written as two numbers")
    wire = build.node(
        "size_from_ratio",
        "size",
        ratio_width=float(ratio[1]),
        ratio_height=float(ratio[2]),
        megapixels=given.get("megapixels", 1.0),
        multiple_of=given.get("multiple", 8),
    )
    return Value(wire), Value(wire.other("height"))
