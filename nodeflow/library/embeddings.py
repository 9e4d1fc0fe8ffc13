"""Files of embeddings (textual inversion) that a text names: ``embedding:name``."""

from __future__ import annotations

import re
from pathlib import Path

from nodeflow.library.named import library_path
from nodeflow.resources import locate

MARK = re.compile(r"(?<!\S)embedding:(\S+)")
FOLDERS = "", "embeddings/"


def embeddings_named(text: str) -> list[tuple[str, int, int]]:
    """Return the embeddings that a text names at its start or after a blank: name, and the places before and behind.

    A comma behind a name is text.
    """
    found = []
    for mark in MARK.finditer(text):
        name = mark[1].rstrip(",")
        if name.strip(","):
            found.append((name.lstrip(","), mark.start(), mark.start(1) + len(name)))
    return found


def embedding_file(name: str) -> Path | None:
    """Return the file of an embedding by its name or path; None where there is none. Raises AmbiguousNameError."""
    for wanted in (folder + name + suffix for folder in FOLDERS for suffix in ("", ".safetensors")):
        path = locate(wanted, Path.cwd())
        if path is not None and path.is_file():
            return path
    path = library_path(name)
    return path if path is not None and path.is_file() else None
