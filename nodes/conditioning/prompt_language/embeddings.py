"""Embeddings named in a prompt (textual inversion): ``embedding:name``."""

from __future__ import annotations

import re
from typing import NamedTuple

MARK = re.compile(r"(?<!\S)embedding:(\S+)")


class Named(NamedTuple):
    """The name of an embedding in a prompt."""

    name: str


def with_names(text: str) -> list[str | Named]:
    """A text cut at the embeddings that it names at its start or after a blank; a comma behind a name is text."""
    found: list[str | Named] = []
    start = 0
    for mark in MARK.finditer(text):
        name = mark[1].rstrip(",")
        if not name.strip(","):
            continue
        found += [text[start : mark.start()], Named(name.lstrip(","))]
        start = mark.start(1) + len(name)
    found.append(text[start:])
    return [part for part in found if part != ""]
