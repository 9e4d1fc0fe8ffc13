"""Embeddings named in a prompt (textual inversion): ``embedding:name``."""

from __future__ import annotations

from typing import NamedTuple

from nodeflow.library.embeddings import embeddings_named


class Named(NamedTuple):
    """The name of an embedding in a prompt."""

    name: str


def with_names(text: str) -> list[str | Named]:
    """A text cut at the embeddings that it names at its start or after a blank; a comma behind a name is text."""
    found: list[str | Named] = []
    start = 0
    for name, place, behind in embeddings_named(text):
        found += [text[start:place], Named(name)]
        start = behind
    found.append(text[start:])
    return [part for part in found if part != ""]
