"""Taking what is of the right kind out of parsed JSON, and leaving what is not. Nothing here raises."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

DIGITS = 9
"""Of a small whole number that stands as text."""
FARTHEST = 1e6
"""Pixels from the middle beyond which a place or a size is taken for a mistake."""


def mapping(value: Any) -> dict[str, Any]:
    """Return an object with its keys as text; an empty one for anything else."""
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list, or of an object's values."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    yield from (mapping(item) for item in items if isinstance(item, dict))


def text(value: Any) -> str:
    """Return a text; an empty one for what is none. Lone surrogates, which no file can hold, become question marks."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def name(value: Any) -> str:
    """Return an id, which files write as a number or as text; empty for anything else."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value) if isinstance(value, int) else text(value)


def chosen(value: Any) -> Any:
    """Return a value; of a choice with a preview, which packs write as an object, what was chosen."""
    inner = value.get("content") if isinstance(value, dict) else None
    return inner if isinstance(inner, str) else value


def whole(value: Any, otherwise: int = 0) -> int:
    """Return a small whole number, which some files write as text or with a point, or another where it is none."""
    if isinstance(value, float) and value == value and abs(value) < 2**31 and value == int(value):
        return int(value)
    if isinstance(value, str) and len(value) <= DIGITS and value.isascii() and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31 else otherwise


def pair(value: Any) -> tuple[float, float]:
    """Return two numbers, from a list or from an object with the keys 0 and 1 or x and y, within `FARTHEST`."""
    if isinstance(value, dict):
        value = [value.get("0", value.get("x")), value.get("1", value.get("y"))]
    if not isinstance(value, list) or len(value) < 2:
        return 0.0, 0.0
    return number(value[0]), number(value[1])


def number(value: Any) -> float:
    """Return a finite number within `FARTHEST`; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    return min(max(float(value), -FARTHEST), FARTHEST) if abs(value) < 1e300 and value == value else 0.0
