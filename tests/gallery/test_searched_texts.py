"""Tests of a search in very many texts: it finds what a look through all of them would find."""

from __future__ import annotations

import random

import pytest

from nodeflow.gallery import searched_texts
from nodeflow.gallery.searched_texts import SearchedTexts

LETTERS = "aaaabbé圆 \n\0"


def filled(texts: dict[str, str]) -> SearchedTexts:
    made = SearchedTexts()
    made.add((name, text.encode()) for name, text in texts.items())
    return made


@pytest.mark.parametrize("seed", range(5))
def test_whatever_was_asked_and_added_before_the_same_is_found(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searched_texts, "TEXTS", 7)
    monkeypatch.setattr(searched_texts, "KEPT", 3)
    dice, texts = random.Random(seed), dict[str, str]()
    search, query, met = SearchedTexts(), "", set()
    for number in range(200):
        if number % 10 == 0:
            new = {f"{dice.randrange(200)}": "".join(dice.choices(LETTERS, k=dice.randrange(20))) for _ in range(20)}
            search.add((name, text.encode()) for name, text in new.items())
            texts.update(new)
        query = query[: -dice.randrange(1, 3)] if dice.random() < 0.4 else query + dice.choice("abbé圆   ")
        words, names = query.split(), dice.sample(sorted(texts), len(texts) // 2)
        if words:
            found = search.holding(words, [*names, "another"])
            assert found == [name for name in names if all(word in texts[name] for word in words)]
            met.add(len(found))
    assert len(met) > 5


def test_nothing_is_found_across_the_end_of_a_text() -> None:
    search = filled({"one": "a kite", "two": "flies"})
    assert search.holding(["kitef"], ["one", "two"]) == []
    assert search.holding(["flies"], ["one", "two"]) == ["two"]
    assert search.holding(["a" * 100], ["one", "two"]) == []


def test_half_a_letter_finds_nothing() -> None:
    """Letters of several bytes are found as a whole; a half of a pair, which some keyboards send, is none."""
    search = filled({"one": "圆", "two": "😀"})
    assert search.holding(["圆"], ["two", "one"]) == ["one"]
    assert search.holding(["\ud83d"], ["two", "one"]) == []
