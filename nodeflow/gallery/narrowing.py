"""A search that is typed letter by letter: what the words so far have found is looked through for the next letter."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple


class ImageRow(NamedTuple):
    """What is searched of an image."""

    changed: int
    path: str
    words: str


class Narrowing:
    """Finds rows by words. ``rows`` stay as they are for as long as this is asked; any thread may ask."""

    def __init__(self, rows: list[ImageRow]) -> None:
        self._lock = threading.Lock()
        self._found: list[tuple[frozenset[str], list[ImageRow]]] = [(frozenset(), rows)]
        """Searches of which each asks for more than the one before it, with what they found."""

    def rows(self, words: Iterable[str]) -> list[ImageRow]:
        """Return the rows that hold every word, in the order in which they stand."""
        asked = frozenset(words)
        with self._lock:
            while not _implies(asked, self._found[-1][0]):
                self._found.pop()
            known, rows = self._found[-1]
            for word in sorted(asked - known, key=len, reverse=True):  # long words leave the fewest rows to the others
                rows = [row for row in rows if word in row[2]]
            if asked != known:
                self._found.append((asked, rows))
            return rows


def _implies(asked: frozenset[str], known: frozenset[str]) -> bool:
    """Whether what holds all words that are asked holds the known ones too."""
    return all(any(old in new for new in asked) for old in known)
