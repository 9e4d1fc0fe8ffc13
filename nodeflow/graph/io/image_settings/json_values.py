"""Reading JSON that programs write: objects, or nothing."""

from __future__ import annotations

import json
from typing import Any


def as_object(text: str) -> dict[str, Any]:
    """Return the object that a text is; an empty one for anything else."""
    if not text.lstrip().startswith("{"):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def inner(value: Any, *path: str) -> Any:
    """Return what lies below names, one inside the other; None where anything is missing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any) -> str:
    """Return a text; a number as its text; nothing for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
