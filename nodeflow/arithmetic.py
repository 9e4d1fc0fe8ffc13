"""Arithmetic as people write it: ``a * 2``, ``max(a, 64) // 8 * 8 if a > 10 else 64``. No ``eval``, and bounded."""

from __future__ import annotations

import ast
import functools
import math
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

MAX_LETTERS = 1_000
_MAX_BITS = 1024
"""Of a whole number on the way: about what a float holds."""
_MAX_DIGITS = 308

CONSTANTS = {"pi": math.pi, "tau": math.tau, "e": math.e}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
_OF_WHOLE = ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class ArithmeticFault(ValueError):  # noqa: N818 (what is at fault is the text)
    """Raised for a text that cannot be worked out; says why, as a sentence without its end."""


def _round(value: float, digits: int = 0) -> float:
    """As Python does it, to so many digits as a number can have."""
    if abs(digits) > _MAX_DIGITS:
        raise ArithmeticFault("it rounds to more digits than a number has")
    return round(value, digits) if digits else round(value)


def _pow(value: Any, exponent: Any) -> Any:
    return _power(ast.Pow(), value, exponent)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "float": float,
    "floor": math.floor,
    "int": int,
    "log": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "max": max,
    "min": min,
    "pow": _pow,
    "round": _round,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "sum": sum,
    "tan": math.tan,
}
OVER_SEVERAL = ("max", "min", "sum")
"""Functions that take several numbers as one: ``sum(values)``, ``max([a, b])``."""


def evaluate(text: str, names: Mapping[str, float | Sequence[float]] | None = None) -> int | float:
    """Return what a text of arithmetic comes to; a comparison gives a bool. Whole numbers stay exact.

    It may have numbers, ``names`` (each a number, or several for ``max``, ``min`` and ``sum``), pi, tau and e,
    ``+ - * / // % ** & | ^ ~ << >>``, comparisons, ``and or not``, ``x if a > b else y``, brackets, and `FUNCTIONS`.
    Raises ArithmeticFault for any other text, and for what is not finite or beyond 1024 bits.
    """
    tree = _parsed(text)
    try:
        found: int | float = _Evaluation(names or {}).value(tree)
        finite = isinstance(found, (int, float)) and math.isfinite(found)
    except ArithmeticFault:
        raise
    except ZeroDivisionError:
        raise ArithmeticFault("it divides by 0") from None
    except OverflowError:
        raise ArithmeticFault("it becomes too large") from None
    except (RecursionError, MemoryError):
        raise ArithmeticFault("it is nested too deep") from None
    except (SyntaxError, ValueError, TypeError):
        raise ArithmeticFault("it is not written as arithmetic") from None
    if not finite:
        raise ArithmeticFault("it comes to no finite number")
    return found


def check_written(text: str, names: Collection[str] | None = None) -> None:
    """Raise ArithmeticFault for what is no arithmetic whatever its names come to; ``names``: all that there are, where
    that is known."""
    tree = _parsed(text)
    if isinstance(tree, ast.List | ast.Tuple):
        raise ArithmeticFault("it is not written as arithmetic")
    called = set()
    for part in ast.walk(tree):
        match part:
            case ast.Call(ast.Name(name) as function, _, []) if name in FUNCTIONS:
                called.add(function)
            case ast.Call(ast.Name(name), _, []):
                raise ArithmeticFault(f"there is no function {name[:40]}, but {', '.join(FUNCTIONS)}")
            case ast.Constant(value) if isinstance(value, (int, float)):
                if not math.isfinite(_bounded(value)):
                    raise ArithmeticFault("it comes to no finite number")
            case ast.Name(name):
                if names is not None and part not in called and name not in names:
                    raise ArithmeticFault(f"there is no {name[:40]} here, but {', '.join(sorted(names)) or 'no names'}")
            case ast.BinOp(_, op, _) if type(op) in _BINARY:
                pass
            case ast.Compare(_, operators, _) if all(type(op) in _COMPARISONS for op in operators):
                pass
            case ast.UnaryOp() | ast.BoolOp() | ast.IfExp() | ast.List() | ast.Tuple():
                pass
            case ast.operator() | ast.unaryop() | ast.cmpop() | ast.boolop() | ast.expr_context():
                pass
            case _:
                raise ArithmeticFault("it is not written as arithmetic")


@functools.lru_cache
def names_in(text: str) -> tuple[str, ...]:
    """The names of numbers that a text of arithmetic asks for, in their order. Raises ArithmeticFault."""
    named = [one for one in ast.walk(_parsed(text)) if isinstance(one, ast.Name)]
    named.sort(key=lambda one: one.col_offset)
    return tuple(dict.fromkeys(one.id for one in named if one.id not in FUNCTIONS and one.id not in CONSTANTS))


def _parsed(text: str) -> ast.expr:
    """The tree of an expression. Raises ArithmeticFault."""
    if not text.strip():
        raise ArithmeticFault("it is empty")
    if len(text) > MAX_LETTERS:
        raise ArithmeticFault(f"it has more than {MAX_LETTERS:,} letters")
    try:
        if "#" in text:
            raise SyntaxError("a comment")
        return ast.parse(" ".join(text.split()), mode="eval").body
    except (RecursionError, MemoryError):
        raise ArithmeticFault("it is nested too deep") from None
    except (SyntaxError, ValueError, TypeError):
        raise ArithmeticFault("it is not written as arithmetic") from None


class _Evaluation:
    def __init__(self, names: Mapping[str, float | Sequence[float]]) -> None:
        self._names = names

    def value(self, tree: ast.expr) -> Any:
        """The number that a part comes to. Raises what Python does, and ArithmeticFault."""
        match tree:
            case ast.Constant(value) if isinstance(value, (int, float)):
                return _bounded(value)
            case ast.Name(name):
                return self._named(name)
            case ast.UnaryOp(op, operand):
                return _UNARY[type(op)](self.value(operand))
            case ast.BinOp(left, op, right) if type(op) in _BINARY:
                return _power(op, self.value(left), self.value(right))
            case ast.BoolOp(op, parts):
                return self._all_or_any(isinstance(op, ast.And), parts)
            case ast.Compare(left, operators, others):
                return self._compared([left, *others], operators)
            case ast.IfExp(test, body, orelse):
                return self.value(body if self.value(test) else orelse)
            case ast.Call(ast.Name(name), arguments, []):
                return self._called(name, arguments)
        raise ArithmeticFault("it is not written as arithmetic")

    def _named(self, name: str) -> float:
        if name in CONSTANTS and name not in self._names:
            return CONSTANTS[name]
        found = self._names.get(name)
        if found is None:
            there = ", ".join(sorted(self._names)) or "no names"
            raise ArithmeticFault(f"there is no {name[:40]} here, but {there}")
        if not isinstance(found, (int, float)):
            raise ArithmeticFault(f"{name} is several numbers; use it in {', '.join(OVER_SEVERAL)}")
        _bounded(found)
        return found

    def _all_or_any(self, every: bool, parts: Sequence[ast.expr]) -> Any:
        """As Python has it: the first part that decides, and what comes after that is not looked at."""
        for part in parts:
            found = self.value(part)
            if bool(found) is not every:
                break
        return found

    def _compared(self, parts: Sequence[ast.expr], operators: Sequence[ast.cmpop]) -> bool:
        left = self.value(parts[0])
        for op, part in zip(operators, parts[1:], strict=True):
            if type(op) not in _COMPARISONS:
                raise ArithmeticFault("it is not written as arithmetic")
            right = self.value(part)
            if not _COMPARISONS[type(op)](left, right):
                return False
            left = right
        return True

    def _called(self, name: str, arguments: Sequence[ast.expr]) -> Any:
        if name not in FUNCTIONS:
            raise ArithmeticFault(f"there is no function {name[:40]}, but {', '.join(FUNCTIONS)}")
        given = self._several(arguments) if name in OVER_SEVERAL else [self.value(one) for one in arguments]
        if not given:
            raise ArithmeticFault(f"{name} has no number to work on")
        try:
            if name in OVER_SEVERAL:
                return _bounded(FUNCTIONS[name](given))
            return _bounded(FUNCTIONS[name](*given))
        except TypeError:
            raise ArithmeticFault(f"{name} takes another number of values than {len(given)}, or whole ones") from None
        except (OverflowError, ArithmeticFault):
            raise
        except ValueError:
            raise ArithmeticFault(f"{name} is not defined for {', '.join(f'{one:g}' for one in given)}") from None

    def _several(self, arguments: Sequence[ast.expr]) -> list[Any]:
        """Numbers one by one, from lists that are written out or named too."""
        found: list[Any] = []
        for one in arguments:
            named = self._names.get(one.id) if isinstance(one, ast.Name) else None
            if isinstance(named, Sequence):
                found += map(_bounded, named)
            elif isinstance(one, (ast.List, ast.Tuple)):
                found += [self.value(part) for part in one.elts]
            else:
                found.append(self.value(one))
        return found


def _power(op: ast.operator, left: Any, right: Any) -> Any:
    """Apply an operator, unless its result would be too large to be worth computing."""
    if isinstance(op, _OF_WHOLE) and not (isinstance(left, int) and isinstance(right, int)):
        raise ArithmeticFault("& | ^ << >> work on whole numbers alone")
    if isinstance(op, ast.LShift | ast.RShift) and right < 0:
        raise ArithmeticFault("it shifts by less than no place")
    bits = math.log2(max(abs(left), 1))
    if (isinstance(op, ast.Pow) and bits * abs(right) > _MAX_BITS) or (
        isinstance(op, ast.LShift) and bits + right > _MAX_BITS
    ):
        raise ArithmeticFault("it becomes too large")
    return _bounded(_BINARY[type(op)](left, right))


def _bounded(found: Any) -> Any:
    if isinstance(found, complex):
        raise ArithmeticFault("it comes to no real number")
    if isinstance(found, int) and found.bit_length() > _MAX_BITS:
        raise ArithmeticFault("it becomes too large")
    return found
