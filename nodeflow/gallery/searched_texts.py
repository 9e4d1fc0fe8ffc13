"""Very many texts, of which those are found that hold some words, anywhere: each letter of a word is compared with all
texts at once."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

TEXTS = 1000
"""Texts that are looked through at once: less than a MB, which a processor keeps close by."""
KEPT = 32
"""Words of which each block keeps what it found, since a search is typed letter by letter and word by word."""
WIDE = 8
"""Bytes of a number in which the marks of so many letters are read at once: texts begin at multiples of it."""
END = b"\xff"
"""Stands in no text, so nothing is found across the end of one."""


class SearchedTexts:
    """Texts by name, in UTF-8. Any thread may ask and add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: list[_Block] = []
        self._numbers: dict[str, int] = {}
        self._count = 0
        self._desk = _Desk()
        self._asked: tuple[Sequence[str], NDArray[np.intp]] | None = None
        """The names that were asked for last, and the numbers of their texts."""

    def __len__(self) -> int:
        """Return how many texts there ever were, those included in whose place others came."""
        return self._count

    def add(self, texts: Iterable[tuple[str, bytes]]) -> None:
        """Take texts by their names, each in place of one of the same name."""
        with self._lock:
            self._asked, rest = None, iter(texts)
            while block := list(islice(rest, TEXTS)):
                self._numbers.update((name, self._count + at) for at, (name, _) in enumerate(block))
                self._blocks.append(_Block([text for _, text in block]))
                self._count += len(block)

    def holding(self, words: Iterable[str], names: Sequence[str]) -> list[str]:
        """Return those of the names whose text holds every word, in their order.

        ``names`` stay as they are: what is known of them holds when they are asked for again.
        """
        needles = [word.encode(errors="surrogatepass") for word in words]
        unknown = np.zeros(1, bool)  # the last one, which -1 means
        with self._lock:
            held = [
                np.logical_and.reduce([block.having(needle, self._desk) for needle in needles])
                for block in self._blocks
            ]
            rows = np.concatenate([*held, unknown])[self._numbers_of(names)]
        return [names[row] for row in np.flatnonzero(rows).tolist()]

    def _numbers_of(self, names: Sequence[str]) -> NDArray[np.intp]:
        """The lock is held."""
        if self._asked is None or self._asked[0] is not names:
            numbers = np.fromiter((self._numbers.get(name, -1) for name in names), np.intp, len(names))
            self._asked = names, numbers
        return self._asked[1]


class _Block:
    """Some texts after each other, which never change."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        room = [(len(text) // WIDE + 1) * WIDE for text in texts]
        self._letters = np.frombuffer(b"".join(map(bytes.ljust, texts, room, [END] * len(texts))), np.uint8)
        self._begins = np.cumsum([0, *room[:-1]]) // WIDE
        self._found: dict[bytes, NDArray[np.bool_]] = {}

    def having(self, word: bytes, desk: _Desk) -> NDArray[np.bool_]:
        """Return of each text whether it holds a word."""
        if word not in self._found:
            if len(self._found) >= KEPT:
                del self._found[next(iter(self._found))]
            self._found[word] = self._look_for(word, desk)
        return self._found[word]

    def _look_for(self, word: bytes, desk: _Desk) -> NDArray[np.bool_]:
        marks, same = desk.of(len(self._letters))
        here = marks[: max(0, len(marks) - len(word) + 1)]
        here[:], marks[len(here) :] = True, False
        for at, letter in enumerate(word):
            here &= np.equal(self._letters[at : at + len(here)], letter, out=same[: len(here)])
            if not here.any():
                break
        found: NDArray[np.bool_] = np.bitwise_or.reduceat(marks.view(np.uint64), self._begins) != 0
        return found


class _Desk:
    """Room to reckon in, which all blocks share: to ask the system for it anew takes longer than to use it."""

    def __init__(self) -> None:
        self._room = np.empty((2, 0), bool)

    def of(self, letters: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return two rows of marks, whatever stands in them."""
        if self._room.shape[1] < letters:
            self._room = np.empty((2, -(-letters // WIDE) * WIDE), bool)
        return self._room[0, :letters], self._room[1, :letters]
