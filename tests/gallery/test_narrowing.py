"""Tests of a search that narrows: whatever was typed before, it finds what a look through all rows would find."""

from __future__ import annotations

import random

import pytest

from nodeflow.gallery.narrowing import ImageRow, Narrowing

DICE = random.Random(0)
ROWS = [ImageRow(at, f"/shots/{at}.png", "".join(DICE.choices("aabbc \n", k=12))) for at in range(200)]


@pytest.mark.parametrize("seed", range(5))
def test_whatever_was_typed_and_deleted_before_the_same_is_found(seed: int) -> None:
    dice, search, query = random.Random(seed), Narrowing(list(ROWS)), ""
    met = set()
    for _ in range(200):
        if dice.random() < 0.4:
            query = query[: -dice.randrange(1, 3)]
        else:
            query += dice.choice("abc ")
        words = query.split()
        found = search.rows(words)
        assert found == [row for row in ROWS if all(word in row.words for word in words)]
        met.add(len(found))
    assert len(met) > 5


def test_a_letter_more_looks_through_what_was_found_alone() -> None:
    class Asked(str):
        """Words that count how often they are looked through."""

        times = 0

        def __contains__(self, word: object) -> bool:
            Asked.times += 1
            return super().__contains__(word)  # type: ignore[operator]

    rows = [ImageRow(at, f"/shots/{at}.png", Asked("kite" if at < 3 else "tram")) for at in range(100)]
    search = Narrowing(rows)
    assert len(search.rows(["k"])) == 3 and Asked.times == 100
    assert len(search.rows(["kit"])) == 3 and Asked.times == 103
    assert len(search.rows(["k"])) == 3 and Asked.times == 103
    assert search.rows(["kite", "tram"]) == []
