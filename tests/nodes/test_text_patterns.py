"""Texts by patterns, templates and JSON."""

from __future__ import annotations

import pytest

from nodeflow.node import NodeError
from nodes.values import text_patterns
from nodes.values.text_patterns import find_in_text, replace_by_pattern, value_in_json
from nodes.values.text_templates import fill_in_text, number_from_text

TEXT = 'style: "ink", size: "12"\nstyle: "oil"'


def test_a_pattern_takes_matches_or_groups() -> None:
    pattern = r'(\w+): "([^"]*)"'
    assert find_in_text(TEXT, pattern) == 'style: "ink"'
    assert find_in_text(TEXT, pattern, "first group", 2) == "ink"
    assert find_in_text(TEXT, pattern, "all groups", 2) == "ink\n12\noil"
    assert find_in_text(TEXT, pattern, "all matches") == "style\nsize\nstyle"
    assert find_in_text(TEXT, "STYLE", ignore_case=True) == "style"
    assert find_in_text(TEXT, "^style.*$", "all matches", by_lines=True).splitlines()[1] == 'style: "oil"'
    assert find_in_text(TEXT, "ink.*oil", dot_is_all=True).startswith("ink")
    assert find_in_text(TEXT, "nothing") == "" == find_in_text(TEXT, "(x)?style", "first group", 1)


def test_what_a_pattern_matches_is_replaced() -> None:
    fenced = '```json\n{"a": 1}\n```'
    assert replace_by_pattern(replace_by_pattern(fenced, r"^```(?:json)?\s*\n?", most=1), r"\n?```\s*$") == '{"a": 1}'
    assert replace_by_pattern("ab ab", "(a)(b)", r"\2\1", most=1) == "ba ab"


@pytest.mark.parametrize(
    ("pattern", "replace", "said"),
    [("(", "", "no pattern"), ("a", r"\3", "cannot stand"), ("(a)", r"\g<nobody>", "cannot stand")],
)
def test_what_is_no_pattern_is_refused(pattern: str, replace: str, said: str) -> None:
    with pytest.raises(NodeError, match=said):
        replace_by_pattern("aaa", pattern, replace)


def test_a_pattern_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_patterns, "SECONDS", 0.05)
    with pytest.raises(NodeError, match="simpler pattern"):
        find_in_text("a" * 60 + "!", r"(?:a|aa)+$", "all matches")
    with pytest.raises(NodeError, match="groups and group is 2"):
        find_in_text("a", "(a)", "first group", 2)


def test_values_come_out_of_json() -> None:
    text = '{"prompt": "a fox", "steps": 20, "on": true, "list": ["ä"], "none": null}'
    assert [value_in_json(text, key) for key in ("prompt", "steps", "on", "list", "none")] == [
        "a fox",
        "20",
        "True",
        '["ä"]',
        "",
    ]
    assert value_in_json(text, "other", "empty text") == "" == value_in_json("no json", "a", "empty text")
    with pytest.raises(NodeError, match="its keys are prompt, steps"):
        value_in_json(text, "other")
    for wrong in ("no json", "[1]", "[" * 100_000):
        with pytest.raises(NodeError, match="no value"):
            value_in_json(wrong, "a")


def test_values_are_filled_into_texts() -> None:
    assert fill_in_text("a {a} of {b:.3f}, {{c}}", a="fox", b=0.5) == "a fox of 0.500, {c}"
    assert fill_in_text("{a:03d}|{b}", a=7, b=True) == "007|True"
    for wrong, said in (
        ("{b}", "nothing is wired"),
        ("{a.__class__}", "nothing is wired"),
        ("{a[0]}", "nothing is wired"),
        ("{}", "nothing is wired"),
        ("{a:>99999999}", "more than 1000"),
        ("{a", "cannot be filled in"),
        ("{a:.2f}", "cannot be written in the form"),
    ):
        with pytest.raises(NodeError, match=said):
            fill_in_text(wrong, a="fox")
    with pytest.raises(NodeError, match="is a list"):
        fill_in_text("{a}", a=[1])


def test_numbers_are_read_from_texts() -> None:
    assert number_from_text(" 12 ") == (12.0, 12)
    assert number_from_text("-1.75") == (-1.75, -1)
    assert number_from_text(str(2**62)).whole_number == 2**62
    for wrong in ("", "a fox", "nan", "1e400", str(2**70)):
        with pytest.raises(NodeError):
            number_from_text(wrong)
