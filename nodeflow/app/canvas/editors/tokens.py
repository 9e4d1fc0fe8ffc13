"""Count of a text's tokens by the tokenizer of the model that will read it. Reads its files alone, no torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QObject

from nodeflow import resources
from nodeflow.app.canvas.editors import clip_tokenizer
from nodeflow.app.canvas.editors.token_reading import Known, TokenReading, read
from nodeflow.app.qt.background import Background
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.roles import TEXT_ENCODER
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.subgraphs.reroutes import origin, spec_of
from nodeflow.known_words import known_words


class Way(NamedTuple):
    """The program by whose rules words have weights, empty where they have none, and the steps that a text changes
    along."""

    program: str = ""
    steps: int = 0


PLAIN = Way()
Tell = Callable[[TokenReading], object]
CLIP = Path()
"""Stands for the vocabulary of CLIP, which models in one file do without."""


class Tokens:
    """Counts tokens; a tokenizer is read off the interface's thread, and until it is there the number is estimated."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._known: dict[Path, Known | None] = {}

    def count(self, text: str, folder: Path | None, tell: Tell, owner: QObject | None = None, way: Way = PLAIN) -> None:
        """Tell the tokens of a text and their number in words, with the most that the model reads where that is known.

        ``folder`` holds the tokenizer's files; without one the number is an estimate and says so. ``way`` says how its
        words have weights: texts of that kind are for CLIP, whose vocabulary is at hand.
        """
        if folder is None and way.program:
            folder = CLIP
        if folder is None or folder in self._known:
            tell(read(text, self._known[folder] if folder is not None else None, *way))
            return
        tell(read(text, None))

        def learn(found: Known | None) -> None:
            self._known[folder] = found
            tell(read(text, found, *way))

        self._background.run(lambda: _load(folder), learn, owner=owner)


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


def way_of(workflow: Workflow, catalogue: Catalogue, name: str, param: str) -> Way:
    """Return how the words of a parameter have weights, and along how many steps it changes."""
    spec = spec_of(workflow, catalogue, name)
    text = spec.param(param) if spec is not None else None
    if spec is None or text is None or not text.weighed:
        return PLAIN

    def value(of: str) -> Any:
        by = spec.param(of)
        return None if by is None else workflow.nodes[name].params.get(of, by.default)

    steps = value(text.changes)
    return Way(str(value(text.weighed)), steps if isinstance(steps, int) else 0)


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
    if folder == CLIP:
        bundled = clip_tokenizer.bundled()
        return Known(bundled, 0, clip=True) if bundled is not None else None
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
