"""Noise levels that were published for one model, and what is done with them. No nodes here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import numpy as np


class GITSTables(msgspec.Struct):
    """Levels from most noise to least, and by coefficient the places among them of 2 steps, 3 steps, and so on."""

    levels: list[float]
    steps: dict[str, list[list[int]]]


@cache
def _gits_tables() -> GITSTables:
    return msgspec.json.decode((Path(__file__).parent / "gits.json").read_bytes(), type=GITSTables)


def gits_levels(coefficient: float) -> list[list[float]]:
    """The levels for 2 steps, 3 steps, up to 20, of the nearest coefficient that there is a table of."""
    tables = _gits_tables()
    nearest = min(tables.steps, key=lambda known: abs(float(known) - coefficient))
    return [[tables.levels[place] for place in places] for places in tables.steps[nearest]]


def between(levels: list[float], steps: int) -> list[float]:
    """So many steps along levels, even in their logarithm between two of them."""
    places = np.linspace(0, len(levels) - 1, steps + 1)
    found: list[float] = np.exp(np.interp(places, np.arange(len(levels)), np.log(levels))).tolist()
    return found


def last_share(levels: list[float], steps: int, denoise: float) -> list[float]:
    """The last share of so many steps, of which the last ends without noise."""
    return [*levels[-(round(steps * denoise) + 1) : -1], 0.0]
