"""Finding nodes by a few letters. No Qt."""

from __future__ import annotations

from collections.abc import Iterable

from nodeflow.graph.catalog import NodeSpec


def rank(query: str, specs: Iterable[NodeSpec]) -> list[NodeSpec]:
    """The nodes that a query means, best first: every word of it is found in title, type, station or help."""
    words = query.casefold().split()
    scored = []
    for spec in specs:
        score = sum((_score(word, spec) for word in words), 0.0) if words else 1.0
        if all(_score(word, spec) > 0 for word in words):
            scored.append((-score, spec.station if not words else "", spec.title.casefold(), spec.type, spec))
    return [entry[-1] for entry in sorted(scored, key=lambda entry: entry[:-1])]


def _score(word: str, spec: NodeSpec) -> float:
    title, name = spec.title.casefold(), spec.type.rpartition(".")[2].replace("_", " ").casefold()
    if title.startswith(word):
        return 100 - len(title) * 0.1
    if any(part.startswith(word) for part in title.split()):
        return 80 - len(title) * 0.1
    if word in title or word in name:
        return 60 - len(title) * 0.1
    initials = "".join(part[0] for part in title.split())
    if len(word) > 1 and word in initials:
        return 50
    if len(word) > 2 and (spread := _spread(word, title)):
        return 30 + 10 / spread
    if word in spec.station.casefold():
        return 25
    return 10 if len(word) > 2 and word in spec.doc.casefold() else 0


def _spread(word: str, text: str) -> int:
    """How many letters of the text the word's letters span, in order; 0 where they are not all there or far apart."""
    start = text.find(word[0])
    at = start
    for letter in word[1:]:
        at = text.find(letter, at + 1)
        if at < 0:
            return 0
    span = at - start + 1
    return span if start >= 0 and span <= 3 * len(word) else 0
