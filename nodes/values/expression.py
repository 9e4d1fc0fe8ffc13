"""Arithmetic over what wires bring."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

from nodeflow.arithmetic import ArithmeticFault, evaluate
from nodeflow.node import NodeError, WrittenForm, node
from nodes.values.kinds import kind_of

LARGEST = 2**63 - 1
"""Of whole numbers: what a file and a wire hold."""


class Worked(NamedTuple):
    """A number, the same without its fraction, and whether it is another than 0."""

    number: float
    whole_number: int
    yes_or_no: bool


@node("Expression")
def expression(
    expression: Annotated[str, WrittenForm("arithmetic")] = "a + b",
    a: Any | None = None,
    b: Any | None = None,
    c: Any | None = None,
    d: Any | None = None,
    e: Any | None = None,
    f: Any | None = None,
    g: Any | None = None,
    h: Any | None = None,
) -> Worked:
    """Works out arithmetic over the numbers that are wired to it, such as ``max(a, 256) // 8 * 8``.

    ``a`` to ``h`` take numbers, whole numbers, and yes (1) or no (0); ``values`` are all that are wired, for ``max``,
    ``min`` and ``sum``. There are + - * / // % **, & | ^ ~ << >>, comparisons, and, or, not, ``x if a > b else y``,
    brackets, pi, tau, e (where nothing is wired to it), and abs, ceil, cos, exp, float, floor, int, log, log10, log2,
    max, min, pow, round, sin, sqrt, sum, tan. // divides to the whole number below, % is what remains. Nothing else
    is run.

    ``number`` is the result, ``whole_number`` the same cut off towards 0, ``yes_or_no`` whether it is another than 0.
    Whole numbers stay exact.

    Fails where the expression asks for what is not wired, is no arithmetic, divides by 0, or comes to what is not
    finite or beyond 64 bits.
    """
    wired = {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "g": g, "h": h}
    names: dict[str, Any] = {name: _number(name, value) for name, value in wired.items() if value is not None}
    try:
        found = evaluate(expression, names | {"values": list(names.values())})
    except ArithmeticFault as fault:
        raise NodeError(f"the expression {expression[:60]!r} cannot be worked out: {fault}; change it") from None
    if abs(found) > LARGEST:
        raise NodeError(f"the expression {expression[:60]!r} comes to {found:g}, which is beyond 64 bits; change it")
    return Worked(float(found), int(found), bool(found))


def _number(name: str, value: Any) -> float:
    if not isinstance(value, (int, float)):
        raise NodeError(f"what is wired to {name} is {kind_of(value)} and no number; wire a number")
    if not math.isfinite(value):
        raise NodeError(f"what is wired to {name} is {value}, which is no finite number; wire another one")
    return value
