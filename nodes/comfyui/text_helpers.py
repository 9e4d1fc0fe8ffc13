"""ComfyUI's small helpers of texts: cut, trimmed, in capitals, measured and compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value
from nodes.comfyui.registry import translates

CASES: dict[str, Callable[[str], str]] = {
    "UPPERCASE": str.upper,
    "lowercase": str.lower,
    "Capitalize": str.capitalize,
    "Title Case": str.title,
    "TextToUppercase": str.upper,
    "TextToLowercase": str.lower,
}
EDGES = {"Both": r"\A\s+|\s+\Z", "Left": r"\A\s+", "Right": r"\s+\Z"}
"""What is taken away of a text, by the side."""
COMPARED: dict[str, Callable[[str, str], bool]] = {
    "Starts With": str.startswith,
    "Ends With": str.endswith,
    "Equal": str.__eq__,
}
FLAGS = {"case_insensitive": (re.IGNORECASE, True), "multiline": (re.MULTILINE, False), "dotall": (re.DOTALL, False)}
LONGEST = 10_000
"""Characters of a text that a pattern is looked for in while a file is opened."""


def _text(build: Builder, found: str) -> Value:
    return Value(build.node("text", "text", text=found), found)


def _choice(build: Builder, found: bool) -> Value:
    return Value(build.node("yes_or_no", "choice", value=found), found)


@translates("StringLength")
def length(given: Given, build: Builder) -> Value:
    found = len(given.text("string"))
    return Value(build.node("whole_number", "length", value=found), found)


@translates("CaseConverter", "TextToUppercase", "TextToLowercase")
def case(given: Given, build: Builder) -> Value:
    name = given.text("mode", given.type if given.type in CASES else "UPPERCASE")
    if name not in CASES:
        raise CannotTranslateError(f"a text is not written in {name} here")
    return _text(build, CASES[name](given.text("texts" if given.type in CASES else "string")))


@translates("StringTrim", "StripWhitespace")
def trim(given: Given, build: Builder) -> Value:
    text = given.get("texts" if given.type == "StripWhitespace" else "string", "")
    pattern = EDGES.get(given.text("mode", "Both"), EDGES["Both"])
    return Value(build.node("replace_by_pattern", "trimmed", text=text, pattern=pattern, replace=""))


@translates("StringSubstring")
def part(given: Given, build: Builder) -> Value:
    return _text(build, given.text("string")[given.whole("start") : given.whole("end")])


@translates("TruncateText")
def beginning(given: Given, build: Builder) -> Value:
    return _text(build, given.text("texts")[: max(given.whole("max_length", 77), 0)])


@translates("AddTextPrefix", "AddTextSuffix")
def joined(given: Given, build: Builder) -> Value:
    before = given.type == "AddTextPrefix"
    parts = (given.get("prefix" if before else "suffix", ""), given.get("texts", ""))
    first, second = parts if before else parts[::-1]
    return Value(build.node("join_texts", "joined", first=first, second=second, separator=""))


@translates("ReplaceText")
def replaced(given: Given, build: Builder) -> Value:
    about = {name: given.get(name, "") for name in ("find", "replace")}
    return Value(build.node("replace_in_text", "replaced", text=given.get("texts", ""), **about))


@translates("StringContains", "StringCompare")
def compared(given: Given, build: Builder) -> Value:
    contains = given.type == "StringContains"
    names = ("string", "substring") if contains else ("string_a", "string_b")
    first, second = (given.text(name) for name in names)
    if given.get("case_sensitive", True) is not True:
        first, second = first.lower(), second.lower()
    if contains:
        return _choice(build, second in first)
    mode = given.text("mode", "Starts With")
    if mode not in COMPARED:
        raise CannotTranslateError(f"texts are not compared by {mode} here")
    return _choice(build, COMPARED[mode](first, second))


@translates("RegexMatch")
def matched(given: Given, build: Builder) -> Value:
    from nodeflow.patterns import PatternFault, compiled

    flags = sum(flag for name, (flag, usual) in FLAGS.items() if given.get(name, usual) is True)
    try:
        pattern = compiled(given.text("regex_pattern"), int(flags))
        found = pattern.search(given.text("string")[:LONGEST], timeout=0.05)
    except (PatternFault, TimeoutError):
        raise CannotTranslateError("its pattern is none, or takes too long") from None
    return _choice(build, found is not None)


@translates("ComfyAndNode", "ComfyOrNode", "ComfyNotNode")
def logic(given: Given, build: Builder) -> Value:
    from nodes.comfyui.texts import as_wire

    names = sorted(name for name in given.inputs if name.startswith("value") and given.has(name))[:8]
    if not names:
        raise CannotTranslateError("nothing is wired to it")
    sign = " and " if given.type == "ComfyAndNode" else " or "
    wires: dict[str, Any] = {
        letter: as_wire(build, given.get(name)) for letter, name in zip("abcdefgh", names, strict=False)
    }
    said = "not a" if given.type == "ComfyNotNode" else sign.join(wires)
    return Value(build.node("expression", "expression", expression=said, **wires).other("yes_or_no"))
