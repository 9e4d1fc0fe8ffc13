"""Finding nodes, and lines of any list, by a few letters. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nodeflow.app.i18n.pack_translations import told
from nodeflow.graph.model.catalogue import NodeSpec


def rank(query: str, specs: Iterable[NodeSpec], recent: Sequence[str] = ()) -> list[NodeSpec]:
    """The nodes that a query means, best first: every word of it is found in title, type, station, ports or help.

    Of nodes that fit as well as each other, and of all where nothing is typed, those used last come first.
    """
    words = query.casefold().split()
    place = {node_type: number for number, node_type in enumerate(recent)}
    scored = []
    for spec in specs:
        scores = [_score(word, spec) for word in words]
        if all(scores):
            used = place.get(spec.type, len(place))
            band = round(-sum(scores) / 10)  # a small difference in fit counts less than recent use
            scored.append((band, used, -sum(scores), spec.station, spec.title.casefold(), spec.type, spec))
    return [entry[-1] for entry in sorted(scored, key=lambda entry: entry[:-1])]


def matching(query: str, names: Iterable[str]) -> list[str]:
    """The names that hold every word of a query, those first that begin with it."""
    words = query.casefold().split()
    found = [name for name in names if all(word in name.casefold() for word in words)]
    return sorted(found, key=lambda name: not name.casefold().startswith(query.casefold().strip()))


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
    if word in spec.station.casefold() or word in told(spec.station):
        return 25
    types = (*(port.type for port in spec.inputs), *(port.type for port in spec.outputs))
    if len(word) > 2 and any(name.rpartition(".")[2].casefold().startswith(word) for name in types):
        return 20
    return 10 if (len(word) > 2 or not word.isascii()) and word in spec.doc.casefold() else 0


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
