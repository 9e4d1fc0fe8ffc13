"""ComfyUI's arithmetic over wires."""

from __future__ import annotations

import math
from typing import Any

from nodeflow.arithmetic import ArithmeticFault, evaluate
from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value, Wire, wire_of
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.texts import as_wire


@translates("ComfyMathExpression")
def expression(given: Given, build: Builder) -> Outputs:
    """An expression over its wires; where all is known, what it comes to is known too."""
    text = given.text("expression")
    names = {
        key.removeprefix("values."): value
        for key, value in given.inputs.items()
        if key != "expression" and given.has(key)
    }
    wires = {key: as_wire(build, value) for key, value in names.items()}
    known = {key: _known(value) for key, value in names.items()}
    wire = build.node("expression", "expression", expression=text, **wires)
    found: float | None = None
    if all(isinstance(value, (int, float)) for value in known.values()):
        try:
            found = evaluate(text, {**known, "values": list(known.values())})
        except ArithmeticFault as fault:
            raise CannotTranslateError(f"{text[:60]!r} cannot be worked out: {fault}") from None
    return _numbers(wire, found)


@translates("ComfyNumberConvert")
def convert(given: Given, build: Builder) -> Outputs:
    """A number out of a text, a number or a choice."""
    value = given.get("value", "0")
    wire = wire_of(value)
    known = _known(value)
    if isinstance(known, str) or (wire is not None and build.type_of(wire) == "str"):
        made = build.node("number_from_text", "number", text=value)
    else:
        made = build.node("expression", "number", expression="a", a=as_wire(build, value))
    try:
        return _numbers(made, None if known is None else float(known))[:2]
    except (TypeError, ValueError):
        return _numbers(made, None)[:2]


@translates("CustomCombo")
def combo(given: Given, build: Builder) -> Outputs:
    """One of a person's own choices: its text, and its place among them."""
    choice = given.text("choice")
    used = build.used(given.id)
    text = Value(build.node("text", "choice", text=choice), choice) if 0 in used else None
    options = [value for key, value in given.inputs.items() if key.startswith("option")]
    place = given.get("index", options.index(choice) if choice in options else None)
    if 1 in used and isinstance(place, int) and not isinstance(place, bool):
        return text, Value(build.node("whole_number", "place", value=place), place)
    return (text,)


def _known(value: Any) -> Any:
    if isinstance(value, Value):
        value = value.constant
    return None if isinstance(value, Wire) else value


def _numbers(wire: Wire, found: float | None) -> Outputs:
    """The three that ComfyUI gives: with its fraction, whole, and whether it is another than 0."""
    finite = found is not None and math.isfinite(found)
    known = (float(found), int(found), bool(found)) if finite and found is not None else (None, None, None)
    names = ("number", "whole_number", "yes_or_no")
    return tuple(Value(wire.other(name), value) for name, value in zip(names, known, strict=True))
