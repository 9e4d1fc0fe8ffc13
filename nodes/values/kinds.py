"""Words for what a wire brings. No nodes here."""

from __future__ import annotations

from typing import Any

PLAIN: dict[type, str] = {str: "a text", list: "a list", tuple: "a list", bool: "yes or no", int: "a whole number"}


def kind_of(value: Any) -> str:
    """What a value is, in words: a plain one by its kind, any other by the name of its wire."""
    kind = type(value)
    return PLAIN.get(kind, f"of the kind {kind.__name__}")
