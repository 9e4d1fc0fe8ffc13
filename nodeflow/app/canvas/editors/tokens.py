"""Count of a text's tokens by the tokenizer of the model that will read it. Reads its files alone, no torch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject

from nodeflow import resources
from nodeflow.app.canvas.editors import clip_tokenizer
from nodeflow.app.i18n.texts import tr
from nodeflow.app.qt.background import Background
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.roles import TEXT_ENCODER
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.subgraphs.reroutes import origin, spec_of
from nodeflow.known_words import KnownWords, known_words
from nodeflow.prompt_text import as_clip_reads

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WORDS = re.compile(r"\w+|[^\w\s]")
_PIECES = 1.2
"""Tokens that a word has on average in CLIP's vocabulary, for an estimate."""


class Tokens:
    """Counts tokens; a tokenizer is read off the interface's thread, and until it is there the number is estimated."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._known: dict[Path, Known | None] = {}

    def count(self, text: str, folder: Path | None, tell: Tell, owner: QObject | None = None) -> None:
        """Tell the number of tokens of a text, in words, with the most that the model reads where that is known.

        ``folder`` holds the tokenizer's files; without one the number is an estimate and says so.
        """
        if folder is None or folder in self._known:
            tell(said(text, self._known[folder] if folder is not None else None))
            return
        tell(said(text, None))

        def learn(found: Known | None) -> None:
            self._known[folder] = found
            tell(said(text, found))

        self._background.run(lambda: _load(folder), learn, owner=owner)


class Known(NamedTuple):
    """A tokenizer, the most tokens that its model reads (0 where that is not said), and whether it is CLIP's."""

    tokenizer: Tokenizer
    most: int
    clip: bool = False
    words: KnownWords | None = None


Tell = Callable[[str], object]


def said(text: str, known: Known | None) -> str:
    """The number of tokens of a text, in words; an estimate where no tokenizer is known."""
    if known is None:
        return tr("about {0} tokens").format(round(len(_WORDS.findall(text)) * _PIECES) + 2)
    found = len(known.tokenizer.encode(as_clip_reads(text) if known.clip else text).ids)
    unknown = known.words.unknown(text) if known.words is not None else []
    not_known = tr(" · not known: {0}").format(tr(", ").join(unknown)) if unknown else ""
    if not known.most:
        return tr("{0} tokens").format(found) + not_known
    cut = tr(", the end is cut off") if found > known.most else ""
    return tr("{0} of {1} tokens").format(found, known.most) + cut + not_known


def tokenizer_for(workflow: Workflow, catalogue: Catalogue, name: str, base: Path) -> Path | None:
    """The tokenizer's folder of the model whose text encoder a node is wired to; None where it cannot be known."""
    model = _model_of(workflow, catalogue, name)
    if not model:
        return None
    try:
        path = resources.locate(model, base)
    except OSError:
        return None
    folder = path / "tokenizer" if path is not None and path.is_dir() else None
    return folder if folder is not None and clip_tokenizer.is_tokenizer(folder) else None


def reads_text(workflow: Workflow, catalogue: Catalogue, name: str) -> bool:
    """Return whether a node gives its text to a text encoder, so that tokens mean something."""
    spec = spec_of(workflow, catalogue, name)
    return spec is not None and any(port.type in catalogue.types(TEXT_ENCODER) for port in spec.inputs)


def _model_of(workflow: Workflow, catalogue: Catalogue, name: str) -> str:
    """Return what the node that a text encoder comes from names as its model."""
    spec = spec_of(workflow, catalogue, name)
    wanted = (
        {port.name for port in spec.inputs if port.type in catalogue.types(TEXT_ENCODER)} if spec is not None else set()
    )
    link = next((link for link in workflow.links.values() if link.target == name and link.input in wanted), None)
    first = origin(workflow, catalogue, link) if link is not None else None
    giver = spec_of(workflow, catalogue, first.source) if first is not None else None
    if first is None or giver is None:
        return ""
    params = workflow.nodes[first.source].params
    return next((str(params.get(p.name, p.default)) for p in giver.params if p.widget == "model"), "")


def _load(folder: Path) -> Known | None:
    """The tokenizer of a folder; None where its files cannot be read."""
    try:
        tokenizer = clip_tokenizer.load(folder)
        config = folder / "tokenizer_config.json"
        most = json.loads(config.read_text()).get("model_max_length", 0) if config.is_file() else 0
    except Exception:  # the library raises nothing more precise for a damaged file
        return None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    clip = tokenizer.token_to_id(clip_tokenizer.START) is not None
    return Known(tokenizer, most if isinstance(most, int) and 0 < most < 100_000 else 0, clip, known_words(folder))
