"""Texts with values in them, and numbers out of texts."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from nodeflow.graph.model.plain_values import HALF_CHARACTER, is_broken, shown
from nodeflow.node import Multiline, NodeError, WrittenForm, node
from nodeflow.text_forms import number_fault
from nodes.values.kinds import kind_of
from nodes.values.text_editing import MAX_TEXT, TOO_LONG, bounded

WIDEST = 1_000
"""Letters that a value may be filled up to."""


class _Plain(string.Formatter):
    """Fills in values by their names alone: nothing inside of a value can be asked for. For one text."""

    def __init__(self) -> None:
        self._room = MAX_TEXT

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        if field_name not in kwargs:
            listed = ", ".join(kwargs) or "none"
            raise NodeError(f"nothing is wired to {{{field_name}}} of the text; wired are {listed}")
        return kwargs[field_name], field_name

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        if conversion is not None and conversion not in ("s", "r", "a"):
            raise NodeError(f"!{conversion[:20]} is no way to write a value; leave it out of the text")
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> Any:
        widths = "".join(letter if letter.isdigit() else " " for letter in format_spec).split()
        if any(int(width[:9]) > WIDEST for width in widths):
            raise NodeError(f"{format_spec[:20]!r} fills a value up to more than {WIDEST} letters; write less")
        try:
            said = str(super().format_field(value, format_spec))
        except (ValueError, TypeError, OverflowError):
            raise NodeError(
                f"{shown(value)} cannot be written in the form {format_spec[:20]!r}; write one such as {{a:.2f}} or "
                "{a:03d}, the latter for whole numbers"
            ) from None
        self._room -= len(said)
        if self._room < 0:
            raise NodeError(TOO_LONG)
        return said


@node("Fill in text")
def fill_in_text(
    text: Annotated[str, Multiline(), WrittenForm("template")] = "{a}",
    a: Any | None = None,
    b: Any | None = None,
    c: Any | None = None,
    d: Any | None = None,
    e: Any | None = None,
    f: Any | None = None,
    g: Any | None = None,
    h: Any | None = None,
) -> str:
    """Puts what is wired to it into a text: ``a {a} in the style of {b}``.

    ``{a}`` to ``{h}`` stand for texts, numbers, and yes or no; ``{a:.2f}`` is a number with two places behind the
    point, ``{a:03d}`` one of three digits, as Python writes them. ``{{`` and ``}}`` are brackets as letters.

    Fails where the text asks for what is not wired, or for a form that a value does not have.
    """
    wired = {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "g": g, "h": h}
    names = {name: value for name, value in wired.items() if value is not None}
    for name, value in names.items():
        if not isinstance(value, (str, int, float)):
            raise NodeError(f"what is wired to {name} is {kind_of(value)}; wire a text or a number")
    try:
        found = bounded(_Plain().vformat(text, (), names))
    except (ValueError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise NodeError(f"{text[:60]!r} cannot be filled in: {error}; {{{{ and }}}} are brackets as letters") from None
    if is_broken(found):
        raise NodeError(f"{text[:60]!r} gives a text that {HALF_CHARACTER}")
    return found


class Number(NamedTuple):
    """A number, and the same without its fraction."""

    number: float
    whole_number: int


@node("Number from text")
def number_from_text(text: Annotated[str, WrittenForm("number")] = "0") -> Number:
    """Reads a number that is written as a text: 12, -0.5, 1e-3.

    ``whole_number`` is the same cut off towards 0. Blanks around it do not count.

    Fails for a text that is no finite number, and for one beyond 64 bits.
    """
    if fault := number_fault(text):
        raise NodeError(f"{text[:60]!r} {fault}")
    found = float(text)
    whole = int(text) if text.strip().lstrip("+-").isdecimal() else int(found)
    return Number(found, whole)
