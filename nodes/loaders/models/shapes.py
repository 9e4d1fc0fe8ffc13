"""What shapes of networks are told by, whatever the family."""

from __future__ import annotations

from collections.abc import Iterable

HEAD = 128
"""Numbers a head in the models that are in use, by which their rotary axes are told."""


def count_layers(weights: Iterable[str], place: str) -> int:
    """Return how many layers a list of them has. Raises ValueError where it has none."""
    return 1 + max(int(name.split(".")[1]) for name in weights if name.startswith(f"{place}."))


def rotary_axes(head: int, *parts: int) -> tuple[int, ...]:
    """The shares of a head that rotate by each axis, which stand in no file: those of the models that are in use."""
    return tuple(part * head // HEAD for part in parts)
