"""Texts for models that know a closed list of words: which words of a text are not among them.

A tokenizer's folder may hold ``known_words.txt``, one word a line, as those of the starter models do: other words fall
apart into letters or bytes that the model has learned nothing from. Models of the world's texts have no such list.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

FILE = "known_words.txt"
MAX_SHOWN = 200
"""Characters of unknown words that a sentence shows."""
_RUN = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"  # Han signs, which stand without spaces
    r"|[^\W_\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+(?:'[^\W_]+)*"
    r"|[^\w\s]"
)


class KnownWords:
    """The words that a model knows. Where all of them are small, large letters are read as small ones."""

    def __init__(self, words: frozenset[str]) -> None:
        self.words = words
        self._folds = all(word == word.lower() for word in words)
        self._longest = max(map(len, words), default=0)

    def unknown(self, text: str) -> list[str]:
        """The words of a text that the model does not know, once each, in their order; signs of writing are none."""
        text = unicodedata.normalize("NFC", text)
        return list(dict.fromkeys(word for run in _RUN.findall(text) for word in self._unknown_in(run)))

    def _unknown_in(self, run: str) -> Iterator[str]:
        read = run.lower() if self._folds else run
        if read in self.words or unicodedata.category(run[0])[0] in "PZC":
            return
        if _is_han(run[0]):
            yield from self._unknown_signs(run)
        else:
            yield run

    def _unknown_signs(self, run: str) -> Iterator[str]:
        """Take the longest known word again and again; signs between known words are one unknown word."""
        at = begin = 0
        while at < len(run):
            size = next(
                (n for n in range(min(self._longest, len(run) - at), 0, -1) if run[at : at + n] in self.words), 0
            )
            if size:
                if at > begin:
                    yield run[begin:at]
                begin = at + size
            at += size or 1
        if begin < len(run):
            yield run[begin:]

    def sentence(self, text: str) -> str:
        """What a person should know of the unknown words of a text; empty where there are none."""
        unknown = self.unknown(text)
        if not unknown:
            return ""
        shown = ", ".join(unknown)
        shown = shown if len(shown) <= MAX_SHOWN else shown[:MAX_SHOWN] + "..."
        some = ", ".join(sorted(self.words, key=lambda word: (-len(word), word))[:3])
        return f"this text encoder does not know: {shown}; it knows {len(self.words)} words, such as {some}"


def _is_han(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff" or "\uf900" <= sign <= "\ufaff" or "\U00020000" <= sign <= "\U0003ffff"


@functools.lru_cache(maxsize=32)
def known_words(folder: Path) -> KnownWords | None:
    """The list in a tokenizer's folder; None where there is none, or none that can be read."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    words = frozenset(line.strip() for line in lines if line.strip())
    return KnownWords(words) if words else None
