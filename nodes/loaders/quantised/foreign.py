"""Refusal of files that are quantised in a way that is known by name alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nodeflow.library.foreign_formats import foreign_format
from nodeflow.node import NodeError


def check_foreign(names: Iterable[str], metadata: Mapping[str, str]) -> None:
    """Raise NodeError, by the format's name, for a file that is quantised in a way that is not read here."""
    listed = sorted(names)
    found = foreign_format(lambda end: any(name.endswith(end) for name in listed), metadata)
    if found is None:
        return
    name, mark = found
    shown = next((key for key in listed if key.endswith(mark)), mark)
    raise NodeError(
        f"it is quantised as {name} (by {shown}), which is not read here; take it in half precision, in float8, "
        "in one of ComfyUI's formats or as GGUF"
    )
