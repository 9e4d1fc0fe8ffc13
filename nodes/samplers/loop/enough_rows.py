"""Whether what leads a batch has one row, or one for each of its images. No nodes here."""

from __future__ import annotations

import dataclasses
from typing import Any

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Guider


def check_rows(guider: Guider, count: int) -> None:
    """Raise NodeError where a text, a class or a vector of a guider is one of several, and the images are others."""
    for rows in _rows(guider):
        if rows not in (1, count):
            raise NodeError(
                f"{rows} texts, classes or vectors lead {count} images; give one for all of them, or as many seeds"
            )


def _rows(part: Any) -> set[int]:
    """How many rows each conditioning has that something holds."""
    if isinstance(part, tuple):
        return set[int]().union(*map(_rows, part))
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return set()
    found = set[int]().union(*(_rows(getattr(part, field.name)) for field in dataclasses.fields(part)))
    if isinstance(part, Conditioning):
        found |= {len(one) for one in (part.tokens, part.pooled, part.labels) if one is not None}
    return found
