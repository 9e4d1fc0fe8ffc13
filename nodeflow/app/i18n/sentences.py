"""Sentences of the engine, the graph and the nodes (problems, errors, notes, reasons), in the person's language.

Everywhere but on the screen a sentence is English text: in events, in the queue's file, in logs, on the command line.
Which sentences there are stands in the source; :mod:`nodeflow.app.i18n.extract_sentences` gathers them as templates
with numbered gaps. A language brings a file from each template to its translation, and a sentence is shown by the
template that it was made from: the one that fits it with the most words of its own. What fills the gaps may be made
from templates too. A sentence without a template stays as it is. No Qt.
"""

from __future__ import annotations

import functools
import re

from nodeflow import resources
from nodeflow.app.i18n.pack_translations import REPORTS, SENTENCES, language, pack_folders, packs, told, words_in

GAP = re.compile(r"\{(\d+)\}")
MAX_LETTERS = 4_000
"""Of a sentence that is looked up: longer ones are shown as they are."""
_JOINT = re.compile(r"[:;,] ")
"""Where a sentence goes on with what may be one of its own."""
_MORE = r"((?:[\s,;:(].*?)?)"
"""What fits a gap right behind another: nothing, or what goes on after a sign."""
_DEPTH = 4
"""How deep templates fill the gaps of templates."""


class Template:
    """A sentence with gaps, ``{0}``, ``{1}`` and so on, and its translation."""

    def __init__(self, source: str, words: str) -> None:
        parts = GAP.split(source)
        self.source, self.words = source, words
        self._literals, self._gaps = parts[::2], tuple(map(int, parts[1::2]))
        self._core = max(self._literals, key=len)
        self.weight = sum(map(len, self._literals))

    @functools.cached_property
    def _form(self) -> re.Pattern[str]:
        form = re.escape(self._literals[0])
        for number, literal in enumerate(self._literals[1:]):
            form += (_MORE if number and not self._literals[number] else "(.*?)") + re.escape(literal)
        return re.compile(form, re.DOTALL)

    def values(self, text: str) -> dict[int, str] | None:
        """Return what fills the gaps in a sentence that was made from it; None for another sentence."""
        match = self._form.fullmatch(text) if self._core in text else None
        return dict(zip(self._gaps, match.groups(), strict=True)) if match is not None else None

    def filled(self, values: dict[int, str]) -> str:
        """Return its translation with these values in its gaps."""
        return GAP.sub(lambda gap: values.get(int(gap[1]), ""), self.words)


class Templates:
    """All sentences that a language has words for."""

    def __init__(self, known: dict[str, str]) -> None:
        self.sources = tuple(source for source, words in known.items() if words)
        self.whole = {source: words for source, words in known.items() if words and not GAP.search(source)}
        made = (Template(source, words) for source, words in known.items() if words and GAP.search(source))
        self.made = sorted(made, key=lambda template: -template.weight)

    def said(self, text: str, depth: int = _DEPTH) -> str | None:
        """A sentence in the language; None where it has no words for it."""
        if (found := self.whole.get(text)) is not None:
            return found
        if not depth or len(text) > MAX_LETTERS:
            return None
        for template in self.made:
            if (values := template.values(text)) is not None:
                return template.filled({gap: self._value(value, depth - 1) for gap, value in values.items()})
        return None

    def _value(self, value: str, depth: int) -> str:
        """What fills a gap: a sentence again, a wire type, or a name, which stays."""
        if " " not in value:
            return self.whole.get(value) or (told(value) if value[:1].isupper() else value)
        return self.said(value, depth) or self._parts(value, depth) or told(value)

    def _parts(self, text: str, depth: int) -> str | None:
        """A sentence about a place, ``node.port: reason``, of which the reason is known; a name with a known end."""
        for found in _JOINT.finditer(text):
            before, joint, after = text[: found.start()], found[0], text[found.end() :]
            if (end := self.said(joint + after, depth)) is not None:
                return before + end
            if joint == ": " and (reason := self.said(after, depth)) is not None:
                return f"{self.said(before, depth) or before}: {reason}"
        return None

    def line(self, text: str) -> str:
        """A line in the language, whole or what follows on its place; itself where nothing of it is known."""
        return self.said(text) or self._parts(text, _DEPTH) or text


def said(text: str) -> str:
    """A sentence, or several lines of them, in the person's language."""
    if language() == "en" or not text:
        return text
    return _said(language(), packs(), text)


@functools.lru_cache(maxsize=2048)
def _said(spoken: str, of: tuple[str, ...], text: str) -> str:
    known = templates(spoken, of)
    whole = known.said(text)
    return whole if whole is not None else "\n".join(map(known.line, text.split("\n")))


def reported(text: str) -> str:
    """What a node reports as text, line by line, in the person's language. Names and texts in it stay as they are."""
    if language() == "en":
        return text
    known = templates(language(), packs(), REPORTS)
    return "\n".join(map(known.line, text.split("\n")))


@functools.lru_cache(maxsize=8)
def templates(spoken: str, of: tuple[str, ...], file: str = SENTENCES) -> Templates:
    """Return what a language says for the sentences, or the reports, of nodeflow and of packs."""
    places = [resources.folder("assets"), *(folder for pack in of for folder in pack_folders(pack))]
    known: dict[str, str] = {}
    for place in places:
        known |= words_in(place / "translations" / spoken / f"{file}.json")
    return Templates(known)
