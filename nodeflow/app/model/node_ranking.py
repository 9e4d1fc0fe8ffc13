"""The search among nodes: by title, other names, station, types of ports and help. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nodeflow.app.i18n.pack_translations import english_doc, told
from nodeflow.app.model.search import Subject, closest, search
from nodeflow.app.model.search_aliases import search_aliases
from nodeflow.graph.model.catalogue import NodeSpec


def rank(query: str, specs: Iterable[NodeSpec], recent: Sequence[str] = ()) -> list[NodeSpec]:
    """Return the nodes that a query means, best first; ``recent``: the types that were used last, in order."""
    known = {spec.type: spec for spec in sorted(specs, key=lambda spec: (spec.station, spec.title.casefold()))}
    return [known[found] for found in search(query, known, lambda key: _subject(known[key]), recent)]


def suggest(query: str, specs: Iterable[NodeSpec]) -> list[NodeSpec]:
    """Return the nodes that a query which finds nothing may have meant."""
    known = {spec.type: spec for spec in specs}
    return [known[found] for found in closest(query, known, lambda key: _subject(known[key]))]


def _subject(spec: NodeSpec) -> Subject:
    name = spec.type.rpartition(".")[2].replace("_", " ")
    types = (*(port.type for port in spec.inputs), *(port.type for port in spec.outputs))
    return Subject(
        spec.title,
        (name, *search_aliases().nodes.get(spec.type, ())),
        f"{spec.station} {told(spec.station)}",
        tuple(kind.rpartition(".")[2] for kind in types),
        f"{spec.doc} {english_doc(spec)}",
    )
