"""ComfyUI's arithmetic: worked out once, where all that it needs is known."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value, Wire
from nodes.comfyui.registry import Outputs, translates

LONGEST, LARGEST = 1_000, 1e15
OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
SIGNS: dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "float": float,
    "floor": math.floor,
    "int": int,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
}
CONSTANTS = {"pi": math.pi, "e": math.e}
ONCE = "worked out as {value} when it was imported; it does not follow what it is made from"


@translates("ComfyMathExpression")
def expression(given: Given, build: Builder) -> Outputs:
    names = {key.removeprefix("values."): _known(value) for key, value in given.inputs.items() if key != "expression"}
    text = given.text("expression")
    try:
        found = worked_out(text, names)
    except (ArithmeticError, LookupError, SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
        raise CannotTranslateError(f"{text[:60]!r} cannot be worked out from what is known now") from None
    return _numbers(given, build, found)


@translates("ComfyNumberConvert")
def convert(given: Given, build: Builder) -> Outputs:
    try:
        return _numbers(given, build, float(_known(given.get("value"))))
    except (TypeError, ValueError):
        raise CannotTranslateError("its value is no number that is known now") from None


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


def _numbers(given: Given, build: Builder, found: Any) -> Outputs:
    """A number as the three outputs that ComfyUI gives: with its fraction, whole, and whether it is not 0."""
    if not math.isfinite(found) or abs(found) > LARGEST:
        raise CannotTranslateError("what it makes is no number that a file can hold")
    given.approximate(ONCE.format(value=f"{float(found):g}"))
    used = build.used(given.id)
    kinds = (("number", float(found)), ("whole_number", int(found)), ("yes_or_no", bool(found)))
    return tuple(
        Value(build.node(kind, kind, value=value), value) if slot in used else None
        for slot, (kind, value) in enumerate(kinds)
    )


def worked_out(text: str, names: dict[str, Any]) -> Any:
    """Return what an expression of numbers is. Raises ValueError, or what Python raises, for any other."""
    if len(text) > LONGEST:
        raise ValueError(text)
    return _value(ast.parse(text.strip(), mode="eval").body, names)


def _value(part: ast.expr, names: dict[str, Any]) -> Any:
    match part:
        case ast.Constant(value=int() | float() as number):
            found: Any = number
        case ast.Name(id=name):
            found = names[name] if name in names else CONSTANTS[name]
        case ast.BinOp(left, ast.Pow(), right):
            found = math.pow(_value(left, names), _value(right, names))
        case ast.BinOp(left, sign, right):
            found = OPERATORS[type(sign)](_value(left, names), _value(right, names))
        case ast.UnaryOp(sign, operand):
            found = SIGNS[type(sign)](_value(operand, names))
        case ast.Compare(left, [sign], [right]):
            found = OPERATORS[type(sign)](_value(left, names), _value(right, names))
        case ast.IfExp(test, body, orelse):
            found = _value(body if _value(test, names) else orelse, names)
        case ast.Call(ast.Name(id=name), arguments, []):
            found = FUNCTIONS[name](*(_value(one, names) for one in arguments))
        case _:
            raise ValueError(type(part).__name__)
    if not isinstance(found, (int, float)) or abs(found) > LARGEST:
        raise ValueError("too large")
    return found
