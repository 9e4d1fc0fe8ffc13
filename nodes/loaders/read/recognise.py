"""Recognition of folders and files for the loaders, from headers alone. Raises NodeError for what cannot be read."""

from __future__ import annotations

from pathlib import Path

from nodeflow.library.recognise import recognise as told
from nodeflow.library.recognised import Recognised
from nodeflow.library.rules import rule_book
from nodeflow.node import NodeError
from nodes.loaders.read.folder_files import named

UNREADABLE = "damaged", "unfinished", "empty", "pointer"
"""Kinds that no other node would take either."""


def recognise(path: Path) -> Recognised:
    """Return what lies there. Raises NodeError for a file that is damaged, unfinished or empty."""
    try:
        found = told(path)
    except OSError as error:
        raise NodeError(f"{named(path)} cannot be read ({(error.strerror or 'it is gone').lower()})") from None
    if path.is_file() and found.kind in UNREADABLE:
        raise NodeError(_unreadable(path, found))
    return found


def _unreadable(path: Path, found: Recognised) -> str:
    if found.kind == "pointer":
        return f"{named(path)} only says where git has the file; {found.reason}"
    if found.kind == "damaged":
        return f"{named(path)} is damaged or was cut short; {found.reason}"
    return f"{named(path)} holds {found.what}; {found.reason}"


def titles(types: tuple[str, ...]) -> str:
    """The titles of nodes, as a sentence lists them."""
    return " or ".join(dict.fromkeys(rule_book().title(one) for one in types))
