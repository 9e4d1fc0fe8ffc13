"""Prompts that were not written by anybody: read in time that grows with their length, or refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.prompts import compel_syntax, weights
from nodeflow.prompts.compel_syntax import compel_pieces
from nodeflow.prompts.schedules import summands
from nodeflow.prompts.weights import PromptError, WeightedPiece, a1111_pieces, comfyui_pieces

MANY = 100_000


@pytest.mark.parametrize("text", [" " * MANY + "b", "a" + " " * MANY + "b", "a" + " " * MANY + ": x", " :" * MANY])
def test_blanks_cost_no_more_than_their_number(text: str) -> None:
    (only,) = summands(text, 4)
    assert only.weight == 1
    assert "".join(piece.text for piece in a1111_pieces(text)) == text


@pytest.mark.parametrize(
    "text", ["(a:" * 5000, "[a" * 5000, "(a" * 5000 + ")" * 5000, r"(a\)" * 5000, "(" * 500 + "[a]" * 5000 + ")" * 500]
)
def test_what_brackets_weigh_is_counted(text: str) -> None:
    with pytest.raises(PromptError, match="too much stands in brackets"):
        a1111_pieces(text)
    assert a1111_pieces("(a)" * 5000)[0].text == "a" * 5000


@pytest.mark.parametrize("text", ["a" + "+" * MANY, "a" + "-" * MANY, "(a b)" + "9" * 400, '"a b"' + "9" * 400])
def test_weights_beyond_all_measure_are_refused(text: str) -> None:
    with pytest.raises(PromptError, match="beyond all measure"):
        compel_pieces(text)


@pytest.mark.parametrize(("sign", "factor"), [("+", 1.1), ("++", 1.1**2), ("--", 0.9**2), ("1.5", 1.5)])
def test_weights_that_people_write_are_taken(sign: str, factor: float) -> None:
    assert compel_pieces(f"(a b){sign}") == [WeightedPiece("a b", pytest.approx(factor))]


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "1e3"])
def test_a_step_beyond_all_steps_is_the_last_or_none(number: str) -> None:
    (only,) = summands(f"[a:b:{number}]", 4)
    assert only.stretches[0].first == 0


def test_numbers_and_counts_of_texts_are_bounded() -> None:
    with pytest.raises(PromptError, match="too large to count a text by"):
        summands("a AND b :" + "9" * 400, 4)
    with pytest.raises(PromptError, match="1000 is the most"):
        summands("a AND " * 2000, 4)
    assert [one.weight for one in summands("a : 0.5  AND b:2 AND c: x", 4)] == [0.5, 2, 1]
    assert summands("a : 0.5  ", 4)[0].stretches[0].text == "a"


def test_breaks_are_cut_at_their_blanks() -> None:
    found = a1111_pieces(" a  BREAK  b BREAK c ")
    assert [piece.text for piece in found] == [" a", "b", "c "]


def test_comfyui_s_brackets_are_each_looked_behind_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the brackets that are cut at, whose number is that of the text's, however deep they stand."""
    cut = 0
    within = weights._within

    def counted(*given: Any) -> Any:
        nonlocal cut
        spans = within(*given)
        cut += len(spans)
        return spans

    monkeypatch.setattr(weights, "_within", counted)
    found = comfyui_pieces("(a " * MANY + ") " * MANY)
    assert "".join(piece.text for piece in found).count("a") == MANY
    assert cut <= 3 * MANY


@pytest.mark.parametrize("opened", ["( " * 49, '( " ' * 20 + "( ", "(a " * 49])
def test_brackets_that_nobody_closed_are_looked_behind_once(opened: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the calls that look for a closing mark: one for each that opens, however long the text behind is."""
    looked = 0
    inside = compel_syntax._CompelText._inside

    def counted(*given: Any) -> Any:
        nonlocal looked
        looked += 1
        return inside(*given)

    monkeypatch.setattr(compel_syntax._CompelText, "_inside", counted)
    (only,) = compel_pieces(opened + "word " * 200)
    assert (only.text, only.weight) == ((opened + "word " * 200).strip(), 1)
    assert looked == sum(map(opened.count, '("'))
