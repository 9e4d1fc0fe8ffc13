"""ComfyUI's texts: joined, changed, searched by patterns, taken out of JSON, filled in."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import Value, Wire, wire_of
from nodes.comfyui.registry import translates

TAKES = {
    "First Match": "first match",
    "All Matches": "all matches",
    "First Group": "first group",
    "All Groups": "all groups",
}
FLAGS = {"ignore_case": ("case_insensitive", True), "by_lines": ("multiline", False), "dot_is_all": ("dotall", False)}
"""Switches of a pattern: their names in ComfyUI, and how they stand there."""
PLAIN = ("int", "float", "bool")


def as_text(build: Builder, found: Any) -> Any:
    """What ComfyUI shows of a value: a number that comes by wire is written out."""
    wire = wire_of(found)
    if wire is None or build.type_of(wire) not in PLAIN:
        return found
    return Value(build.shared("fill_in_text", "number_text", a=wire))


@translates("StringConcatenate")
def join(given: Given, build: Builder) -> Value:
    first, second, separator = given.get("string_a", ""), given.get("string_b", ""), given.get("delimiter", "")
    if separator and not (first and second):
        given.approximate("no separator stands beside an empty text")
    return Value(build.node("join_texts", "joined", first=first, second=second, separator=separator))


@translates("StringReplace")
def substitute(given: Given, build: Builder) -> Value:
    text, find, replace = (given.get(name, "") for name in ("string", "find", "replace"))
    return Value(build.node("replace_in_text", "replaced", text=text, find=find, replace=as_text(build, replace)))


def _flags(given: Given) -> dict[str, Any]:
    return {key: given.get(name, otherwise) for key, (name, otherwise) in FLAGS.items()}


@translates("RegexExtract")
def find(given: Given, build: Builder) -> Value:
    wire = build.node(
        "find_in_text",
        "found",
        text=given.get("string", ""),
        pattern=given.get("regex_pattern", ""),
        take=given.choice("mode", TAKES, "First Match"),
        group=given.get("group_index", 1),
        **_flags(given),
    )
    return Value(wire)


@translates("RegexReplace")
def substitute_by_pattern(given: Given, build: Builder) -> Value:
    wire = build.node(
        "replace_by_pattern",
        "replaced",
        text=given.get("string", ""),
        pattern=given.get("regex_pattern", ""),
        replace=given.get("replace", ""),
        most=given.get("count", 0),
        **_flags(given),
    )
    return Value(wire)


@translates("JsonExtractString")
def value_in_json(given: Given, build: Builder) -> Value:
    about = {"text": given.get("json_string", ""), "key": given.get("key", ""), "when_missing": "empty text"}
    return Value(build.node("value_in_json", "value", **about))


@translates("StringFormat")
def fill_in(given: Given, build: Builder) -> Value:
    """Values by the letters that stand for them; those that are no wires are written into nodes of their own."""
    wires = {
        key.removeprefix("values."): as_wire(build, value)
        for key, value in given.inputs.items()
        if key.startswith("values.") and value is not None
    }
    return Value(build.node("fill_in_text", "filled", text=given.get("f_string", ""), **wires))


def as_wire(build: Builder, value: Any) -> Wire:
    """A value as a wire: what is known becomes a node that says it."""
    wire = wire_of(value)
    if wire is not None:
        return wire
    if isinstance(value, bool):
        return build.shared("yes_or_no", "choice", value=value)
    if isinstance(value, int):
        return build.shared("whole_number", "whole_number", value=value)
    if isinstance(value, float):
        return build.shared("number", "number", value=value)
    return build.shared("text", "text", text=str(value))
