"""Which members of a long row of cases each run tries: those that tell most. The others are slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def telling(cases: Iterable[Any], usual: Callable[[Any], object]) -> list[Any]:
    """The cases, those with ``-m slow`` alone for which ``usual`` says no."""
    return [pytest.param(case, marks=[] if usual(case) else [pytest.mark.slow]) for case in cases]


def telling_pairs(cases: Iterable[tuple[Any, ...]], usual: Callable[..., object]) -> list[Any]:
    """The same for cases of several values each."""
    return [pytest.param(*case, marks=[] if usual(*case) else [pytest.mark.slow]) for case in cases]


def each_once(names: Iterable[Any], kinds: Iterable[Any]) -> list[Any]:
    """All pairs: those of the first name with every kind, each other name with one kind by turns; the rest slow."""
    rows, columns = list(names), list(kinds)
    places = {(row, column) for row in range(len(rows)) for column in range(len(columns))}
    usual = {(row, column) for row, column in places if not row or column == row % len(columns)}
    return [
        pytest.param(rows[row], columns[column], marks=[] if (row, column) in usual else [pytest.mark.slow])
        for row, column in sorted(places)
    ]
