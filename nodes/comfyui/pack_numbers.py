"""Numbers of packs: counted with, and as texts and as other kinds of numbers."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.expressions import expression
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value, Wire
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.texts import as_text

SIGNS = {
    "add": "a + b",
    "addition": "a + b",
    "subtract": "a - b",
    "subtraction": "a - b",
    "multiply": "a * b",
    "multiplication": "a * b",
    "divide": "a / b",
    "division": "a / b",
    "floor division": "a // b",
    "modulo": "a % b",
    "modulus": "a % b",
    "power": "a ** b",
    "exponentiation": "a ** b",
}
"""Operations by what packs call them."""
AS_TEXT = {"Number to Text": "number", "Number to String": "number", "CR Integer To String": "int_"}
AS_NUMBER = {
    "Number to Float": "number",
    "Number to Int": "number",
    "Number to Seed": "number",
    "CR Seed to Int": "seed",
}
"""Classes that turn a number into another kind of one, and its name."""


@translates("SimpleMath+")
def formula(given: Given, build: Builder) -> Outputs:
    """An expression over up to three numbers, whole and with its fraction."""
    inputs = {f"values.{name}": given.inputs[name] for name in "abc" if given.has(name)}
    number, whole = _computed(given, build, str(given.get("value", "")), inputs)
    return whole, number


@translates("easy mathInt", "easy mathFloat")
def two(given: Given, build: Builder) -> Value:
    number, whole = _computed(given, build, _sign(given), _pair(given, "a", "b"))
    return whole if given.type == "easy mathInt" else number


@translates("Number Operation")
def operation(given: Given, build: Builder) -> Outputs:
    number, whole = _computed(given, build, _sign(given), _pair(given, "number_a", "number_b"))
    return number, number, whole


@translates("CR Integer Multiple")
def times(given: Given, build: Builder) -> Outputs:
    _, whole = _computed(given, build, "a * b", _pair(given, "integer", "multiple"))
    return whole, None


@translates("Constant Number")
def constant(given: Given, build: Builder) -> Outputs:
    """A number as a number, with its fraction, and whole."""
    kind, found = given.text("number_type", "integer"), given.get("number", 0)
    if isinstance(found, (Value, Wire)):
        return found, found, found
    if kind == "bool":
        found = 1 if given.number("number") else 0
    if kind == "float":
        number = Value(build.node("number", "number", value=found), found)
        return number, number, None
    whole = Value(build.node("whole_number", "number", value=given.whole("number")), given.whole("number"))
    return whole, whole, whole


@translates("Seed")
def seed(given: Given, build: Builder) -> Outputs:
    found = given.get("seed", 0)
    whole = found if isinstance(found, Value) else Value(build.node("whole_number", "seed", value=found), found)
    return whole, whole, whole, whole


@translates(*AS_TEXT)
def written(given: Given, build: Builder) -> Outputs:
    found = given.get(AS_TEXT[given.type], 0)
    if not isinstance(found, (Value, Wire)):
        return Value(build.node("text", "text", text=str(found)), str(found)), None
    return as_text(build, found), None


@translates(*AS_NUMBER)
def turned(given: Given, build: Builder) -> Outputs:
    found = given.get(AS_NUMBER[given.type])
    if not isinstance(found, (Value, Wire)):
        raise CannotTranslateError("no number is wired to it")
    if given.type == "Number to Int":
        return (_computed(given, build, "a", {"values.a": found})[1],)
    return found, found


def _pair(given: Given, first: str, second: str) -> dict[str, Any]:
    return {"values.a": given.get(first, 0), "values.b": given.get(second, 0)}


def _sign(given: Given) -> str:
    found = given.text("operation", "add")
    if found not in SIGNS:
        raise CannotTranslateError(f"numbers are not put together by {found} here")
    return SIGNS[found]


def _computed(given: Given, build: Builder, said: str, inputs: dict[str, Any]) -> tuple[Value, Value]:
    """The value of an expression with its fraction, and whole."""
    inner = Given(given.id, given.type, {"expression": said, **inputs}, given.title)
    number, whole, _ = expression(inner, build)
    given.notes += inner.notes
    return number, whole
