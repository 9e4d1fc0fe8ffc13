"""Numbers as people write them in a field: ``1024/2``, ``2**10``, ``3 * pi``. No Qt, and no ``eval``."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

MAX_LETTERS = 200
_MAX_BITS = 1024
"""Of a whole number on the way: about what a float holds."""
_MAX_DIGITS = 308

_NAMES = {"pi": math.pi, "tau": math.tau, "e": math.e}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


def _round(value: float, digits: int = 0) -> float:
    """As Python does it, to so many digits as a number can have."""
    if abs(digits) > _MAX_DIGITS:
        raise ValueError("too many digits")
    return round(value, digits) if digits else round(value)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "log2": math.log2,
    "max": max,
    "min": min,
    "round": _round,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tan": math.tan,
}


def number(text: str) -> int | float | None:
    """Return what a text of numbers, ``+ - * / // % **``, brackets, constants and common functions comes to.

    A comma stands for a decimal point where no function is called. None for anything else, and for what is not
    finite or too large.
    """
    text = text.strip()
    if not text or len(text) > MAX_LETTERS:
        return None
    if "(" not in text:
        text = text.replace(",", ".")
    if text.isdecimal():
        return int(text)  # with zeros before it too
    try:
        found = _value(ast.parse(text, mode="eval").body)
        return found if isinstance(found, (int, float)) and math.isfinite(found) else None
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError):
        return None


def _value(tree: ast.expr) -> Any:
    match tree:
        case ast.Constant(value) if type(value) in (int, float):
            return value
        case ast.Name(name) if name in _NAMES:
            return _NAMES[name]
        case ast.UnaryOp(op, operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_value(operand))
        case ast.BinOp(left, op, right) if type(op) in _BINARY:
            return _binary(op, _value(left), _value(right))
        case ast.Call(ast.Name(name), arguments, []) if name in _FUNCTIONS:
            return _call(name, [_value(argument) for argument in arguments])
    raise ValueError("not a number")


def _binary(op: ast.operator, left: Any, right: Any) -> Any:
    """Apply an operator, unless its result would be too large to be worth computing."""
    bits = max(abs(left), 1)
    if isinstance(op, ast.Pow) and math.log2(bits) * abs(right) > _MAX_BITS:
        raise ValueError("too large")
    return _bounded(_BINARY[type(op)](left, right))


def _call(name: str, arguments: list[Any]) -> Any:
    """Call a function, with numbers and to a number that are worth computing."""
    return _bounded(_FUNCTIONS[name](*map(_bounded, arguments)))


def _bounded(found: Any) -> Any:
    if isinstance(found, int) and found.bit_length() > _MAX_BITS:
        raise ValueError("too large")
    return found
