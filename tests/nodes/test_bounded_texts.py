"""Texts, patterns and lists that would grow beyond any memory, or hold what no program keeps: refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nodeflow.node import NodeError
from nodeflow.patterns import PatternFault, compiled
from nodeflow.text_forms import pattern_fault
from nodes.values.lists import numbers, whole_numbers
from nodes.values.text_editing import wildcards
from nodes.values.text_patterns import find_in_text, replace_by_pattern, value_in_json
from nodes.values.text_templates import fill_in_text

LONG = "a" * 100_000


@pytest.mark.parametrize(
    "grow",
    [
        lambda: find_in_text(LONG, "(?=(.*))", "all groups"),
        lambda: find_in_text(LONG, "(?=(.*))", "all matches"),
        lambda: replace_by_pattern(LONG, "a", "x" * 1000),
        lambda: replace_by_pattern(LONG, "(.*)", r"\1" * 100),
        lambda: replace_by_pattern(LONG, "(?P<all>.*)", r"\g<all>" * 100),
        lambda: fill_in_text("{a}" * 100, a=LONG),
    ],
)
def test_what_would_grow_beyond_a_million_letters_is_refused(grow: Callable[[], str]) -> None:
    with pytest.raises(NodeError, match="more than a million letters"):
        grow()


@pytest.mark.parametrize("lines", ["__x__ __x__", "y" * 200_000])
def test_wildcards_that_grow_without_end_are_refused(lines: str, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(lines)
    with pytest.raises(NodeError, match="wildcards make a text of more than a million letters"):
        wildcards("__x__ " * 10, tmp_path)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("a{99999999}", "repeats more than"),
        ("a{99999999,}", "repeats more than"),
        ("((((a{30}){30}){30}){30}){30}", "repeats more than"),
        ("a{99}{99}{99}", "repeats more than"),
        (r"(?:\d[a-z]){1000}{100}", "repeats more than"),
        ("(" * 5000 + ")" * 5000, "nested too deep"),
        ("a|" * 6000, "more than 10,000 letters"),
        ("(", "missing"),
    ],
)
def test_patterns_that_take_too_much_are_refused_where_they_are_typed(pattern: str, says: str) -> None:
    with pytest.raises(PatternFault, match=says):
        compiled(pattern)
    assert says in pattern_fault(pattern)


@pytest.mark.parametrize("pattern", [r"\b\w{1,300}\b", "(a{30}|b{40}){20}", "x{0,99999}", "[{]9{3}", r"\{99999999\}"])
def test_patterns_that_people_write_are_taken(pattern: str) -> None:
    assert pattern_fault(pattern) == ""


def test_what_json_and_templates_give_is_text() -> None:
    with pytest.raises(NodeError, match="half a character"):
        value_in_json('{"a": "\\ud800"}', "a")
    with pytest.raises(NodeError, match="half a character"):
        value_in_json('{"a": [["\\udfff"]]}', "a")
    with pytest.raises(NodeError, match="half a character"):
        fill_in_text("{a:c}", a=0xD800)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": ' + "9" * 5000 + "}", "too many digits"),
        ("[" * 100_000, "nested too deep"),
        ('{"a": 1,}', "line 1, column"),
    ],
)
def test_what_is_wrong_with_json_is_said_in_words_of_our_own(text: str, says: str) -> None:
    with pytest.raises(NodeError, match=says) as caught:
        value_in_json(text, "a")
    assert "sys." not in str(caught.value) and "recursion" not in str(caught.value)


@pytest.mark.parametrize("text", ["{a:d}", "{a:x}", "{a!y}", "{a:q}"])
def test_a_form_that_a_value_does_not_have_is_named(text: str) -> None:
    with pytest.raises(NodeError, match=r"the form '[dxq]'|!y is no way") as caught:
        fill_in_text(text, a=1.5)
    assert "float" not in str(caught.value)


def test_lists_of_numbers_are_counted_before_they_are_made() -> None:
    with pytest.raises(NodeError, match="more than the 10,000 numbers that a list may have"):
        whole_numbers(-(2**63), 2**63 - 1)
    with pytest.raises(NodeError, match="too far apart"):
        numbers(-1e308, 1e308, 5)
    assert whole_numbers(4, 1, 2) == [4, 2] and whole_numbers(1, 4, 2) == [1, 3]
    assert numbers(0, 1e308, 2) == [0, 1e308]
