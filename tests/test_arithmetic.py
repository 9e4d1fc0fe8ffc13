"""Arithmetic as text: what it comes to, and that anything else is refused in a sentence and harms nothing."""

from __future__ import annotations

import math

import pytest

from nodeflow.arithmetic import FUNCTIONS, ArithmeticFault, evaluate

NAMES = {"a": 300, "b": 0.5, "on": True, "values": [300, 0.5, 2**53 + 1]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("max(a, 256) // 8 * 8 if a > 10 else 64", 296),
        ("1 < a <= 300 and not b > 1", True),
        ("a and 0 or b", 0.5),
        ("sum(values)", 300.5 + 2**53 + 1),
        ("min([a, b], 7)", 0.5),
        ("2**53 + 1", 2**53 + 1),
        ("int(a / 7) % 5 + (a & 12 | 1 ^ 3)", int(300 / 7) % 5 + (300 & 12 | 1 ^ 3)),
        ("~7 << 2", -32),
        ("on * 4", 4),
        ("a\n  * 2", 600),
        ("log10(1000) + log(e)", 4),
        ("tau / pi", 2),
    ],
)
def test_arithmetic_is_worked_out_as_python_does(text: str, value: float) -> None:
    assert evaluate(text, NAMES) == value


def test_a_name_that_is_given_stands_before_a_constant() -> None:
    assert evaluate("e", {"e": 2}) == 2
    assert evaluate("e") == math.e


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" ", "it is empty"),
        ("1" * 1001, "more than 1,000 letters"),
        ("c + 1", "there is no c here, but a, b, on, values"),
        ("__import__('os')", "there is no function __import__"),
        ("sqrt(-1)", "sqrt is not defined for -1"),
        ("sin(1, 2)", "sin takes another number of values than 2"),
        ("max()", "max has no number"),
        ("values * 2", "values is several numbers; use it in max, min, sum"),
        ("1 / (a - 300)", "divides by 0"),
        ("9 ** 9 ** 9", "too large"),
        ("1 << 10**9", "too large"),
        ("pow(2, 99999999)", "too large"),
        ("2 ** -99999999999", "too large"),
        ("exp(1000)", "too large"),
        ("1e308 * 10", "no finite number"),
        ("1e999", "no finite number"),
        ("(-1) ** 0.5", "no real number"),
        ("round(1.5, 10**6)", "more digits than a number has"),
        ("1) + (2", "not written as arithmetic"),
        ("a # + 1", "not written as arithmetic"),
        ("a.real", "not written as arithmetic"),
        ("(lambda: 1)()", "not written as arithmetic"),
        ("[1][0]", "not written as arithmetic"),
        ("'x' * 9", "not written as arithmetic"),
        ("b & 1", "work on whole numbers alone"),
        ("1 << -1", "less than no place"),
        ("1 in values", "not written as arithmetic"),
        ("1j", "not written as arithmetic"),
        ("(" * 900, "(not written as arithmetic|nested too deep)"),
        ("-(" * 330 + "1" + ")" * 330, "(not written as arithmetic|nested too deep)"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(ArithmeticFault, match=why.replace("*", r"\*")):
        evaluate(text, NAMES)


def test_every_function_is_at_hand() -> None:
    plain = {"abs", "float", "int", "max", "min", "round", "sum"}
    for name in FUNCTIONS:
        text = f"{name}(2, 3)" if name == "pow" else f"{name}(2)"
        wanted = 8 if name == "pow" else 2 if name in plain else getattr(math, name)(2)
        assert evaluate(text) == wanted
