"""Words of node packs in the person's language: titles and help of nodes, names of ports, stations, choices.

A pack brings its words as data: ``translations/zh_CN.json`` in its folder, and files in ``translations/zh_CN/``, each
from an English text to its translation. Help is translated a paragraph and a point of a list at a time, so that a
changed sentence costs its paragraph. Texts of shipped workflows are translated the same way, from the app's own
files. The files are read without importing the pack. No Qt.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from nodeflow import resources
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec
from nodeflow.library.rules import rule_book

SENTENCES = "sentences"
"""The file of a language that holds templates of sentences: see :mod:`nodeflow.app.i18n.sentences`."""
REPORTS = "reports"
"""The same for the lines of what nodes report as text."""
_POINT = re.compile(r"^[ \t]*- ", re.MULTILINE)

_known: dict[str, str] = {}
_docs: dict[str, str] = {}
_packs: dict[str, None] = {}
_language = "en"


def use(language: str) -> None:
    """Speak a language from now on; what packs say in it is learned with their catalogue."""
    global _language
    _language = language
    _known.clear()
    _docs.clear()
    _packs.clear()
    if language != "en":
        _known.update(_words_in(resources.folder("assets") / "translations" / language))


def language() -> str:
    """The language that is spoken now."""
    return _language


def packs() -> tuple[str, ...]:
    """The packs whose words are known."""
    return tuple(_packs)


def told(text: str) -> str:
    """A text of a pack or of a shipped workflow in the person's language; itself where it has no translation."""
    return _known.get(text) or text


def told_choice(param: str, choice: str) -> str:
    """One of a parameter's choices in the person's language. The file keeps the choice itself.

    A pack may name the parameter, ``prediction=sample``, where a word means something else there.
    """
    return _known.get(f"{param}={choice}") or told(choice)


def localized(catalogue: Catalogue) -> Catalogue:
    """The catalogue with titles and help in the person's language. What it said is kept for the search."""
    if _language == "en":
        return catalogue
    for pack in catalogue.packs:
        _packs[pack] = None
        _known.update(words_of(pack, _language))
    return Catalogue(catalogue.packs, {name: _told(spec) for name, spec in catalogue.nodes.items()}, catalogue.roles)


def words_of(pack: str, language: str) -> Mapping[str, str]:
    """Return what a pack brings for a language; nothing where it brings none, or files that cannot be read."""
    found: dict[str, str] = {}
    for folder in pack_folders(pack):
        found |= _words_in(folder / "translations" / language)
    return found


def pack_folders(pack: str) -> tuple[Path, ...]:
    """Return where a pack stands, without importing it; nowhere for a name that is none."""
    try:
        spec = importlib.util.find_spec(pack) if pack.isidentifier() else None
    except (ImportError, ValueError):
        return ()
    return tuple(map(Path, (spec.submodule_search_locations or ()) if spec is not None else ()))


def words_in(path: Path) -> dict[str, str]:
    """Return what a file translates; nothing where it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError):
        return {}


def _words_in(place: Path) -> dict[str, str]:
    """What ``place.json`` and the files in the folder ``place`` translate, but templates."""
    found = words_in(place.with_suffix(".json"))
    for path in sorted(place.glob("*.json")):
        if path.stem not in (SENTENCES, REPORTS):
            found |= words_in(path)
    return found


def texts_of(spec: NodeSpec) -> list[str]:
    """Every text of a node that is shown, as the files of translations name it. Names of families of models are the
    same in every language."""
    names = [port.name for port in spec.inputs] + [port.name for port in spec.params + spec.outputs]
    words = (name.replace("_", " ") for name in (spec.station, *names))
    families = {family.name for family in rule_book().families}
    offered = (choice for param in spec.params for choice in param.choices if choice not in families)
    choices = (choice for choice in offered if re.search(r"[a-z]{2}", choice))
    return list(dict.fromkeys([spec.title, *pieces(spec.doc), *words, *choices]))


def summary(spec: NodeSpec) -> str:
    """The first line of a node's help."""
    return spec.doc.partition("\n")[0]


def pieces(doc: str) -> list[str]:
    """The paragraphs and points of a help text, each in one line."""
    return [text for block in doc.split("\n\n") for piece in _POINT.split(block) if (text := _one_line(piece))]


def english_doc(spec: NodeSpec) -> str:
    """A node's help as its pack wrote it."""
    return _docs.get(spec.type, spec.doc)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _told(spec: NodeSpec) -> NodeSpec:
    _docs[spec.type] = spec.doc
    return msgspec.structs.replace(spec, title=told(spec.title), doc=_told_doc(spec.doc))


def _told_doc(doc: str) -> str:
    blocks = (_POINT.split(block) for block in doc.split("\n\n"))
    return "\n\n".join("\n- ".join(told(_one_line(piece)) for piece in block) for block in blocks)
