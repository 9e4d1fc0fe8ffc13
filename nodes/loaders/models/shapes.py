"""What shapes of networks are told by, whatever the family."""

from __future__ import annotations

import math
from collections.abc import Iterable

HEAD = 128
"""Numbers a head in the models that are in use, by which their rotary axes are told."""


def count_layers(weights: Iterable[str], place: str) -> int:
    """Return how many layers a list of them has, wherever it stands. Raises ValueError where it has none."""
    before = f"{place}."
    return 1 + max(int(name.removeprefix(before).split(".")[0]) for name in weights if name.startswith(before))


def rotary_axes(head: int, *parts: int) -> tuple[int, ...]:
    """The shares of a head that rotate by each axis, which stand in no file: those of the models that are in use."""
    return tuple(part * head // HEAD for part in parts)


def in_area(size: tuple[int, int], side: int, multiple: int = 32) -> tuple[int, int]:
    """Height and width of as many pixels as a square has, in the ratio of a size, and multiples of a number."""
    width = math.sqrt(side**2 * size[1] / size[0])
    return round(width * size[0] / size[1] / multiple) * multiple, round(width / multiple) * multiple
