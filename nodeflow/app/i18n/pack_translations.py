"""Words of node packs in the person's language: titles and first lines of nodes, names of ports, stations.

A pack brings its words as data: ``translations/zh_CN.json`` in its folder, from each English text to its translation.
The file is read without importing the pack. No Qt.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import msgspec

from nodeflow.graph.model.catalogue import Catalogue, NodeSpec

_known: dict[str, str] = {}
_language = "en"


def use(language: str) -> None:
    """Speak a language from now on; what packs say in it is learned with their catalogue."""
    global _language
    _language = language
    _known.clear()


def told(text: str) -> str:
    """A text of a pack in the person's language; itself where it has no translation."""
    return _known.get(text) or text


def localized(catalogue: Catalogue) -> Catalogue:
    """The catalogue with titles in the person's language, and its first line before each help in English.

    So both languages are found: the English title is that of the type, and the English help stands below.
    """
    if _language == "en":
        return catalogue
    for pack in catalogue.packs:
        _known.update(words_of(pack, _language))
    return Catalogue(catalogue.packs, {name: _told(spec) for name, spec in catalogue.nodes.items()}, catalogue.roles)


def words_of(pack: str, language: str) -> Mapping[str, str]:
    """Return what a pack brings for a language; nothing where it brings none, or a file that cannot be read."""
    try:
        spec = importlib.util.find_spec(pack) if pack.isidentifier() else None
    except (ImportError, ValueError):
        return {}
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        try:
            data = (Path(folder) / "translations" / f"{language}.json").read_bytes()
            return msgspec.json.decode(data, type=dict[str, str])
        except (OSError, msgspec.MsgspecError):
            continue
    return {}


def texts_of(spec: NodeSpec) -> list[str]:
    """Every text of a node that is shown in a word or a line, as the file of translations names it."""
    names = [port.name for port in spec.inputs] + [port.name for port in spec.params + spec.outputs]
    words = (name.replace("_", " ") for name in (spec.station, *names))
    return list(dict.fromkeys([spec.title, summary(spec), *words]))


def summary(spec: NodeSpec) -> str:
    """The first line of a node's help."""
    return spec.doc.partition("\n")[0]


def _told(spec: NodeSpec) -> NodeSpec:
    first = summary(spec)
    doc = f"{told(first)}\n\n{spec.doc}" if first in _known else spec.doc
    return msgspec.structs.replace(spec, title=told(spec.title), doc=doc)
