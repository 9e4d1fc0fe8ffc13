"""Words of a node's text that its text encoder will not know, told before a run: for models with a closed list."""

from __future__ import annotations

from pathlib import Path

from nodeflow import resources
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec
from nodeflow.graph.model.roles import TEXT_ENCODER
from nodeflow.graph.model.workflow import Link, Workflow
from nodeflow.graph.subgraphs.reroutes import origin, spec_of
from nodeflow.known_words import KnownWords, known_words
from nodeflow.prompts.readings import READINGS
from nodeflow.prompts.schedules import summands
from nodeflow.prompts.weights import PromptError


class WordHints:
    """Looks at the nodes of one level of a workflow; ``base``: where its paths begin."""

    def __init__(self, workflow: Workflow, catalogue: Catalogue, base: Path) -> None:
        self._workflow, self._catalogue, self._base = workflow, catalogue, base
        self._incoming = workflow.incoming()

    def all(self) -> dict[str, str]:
        """A sentence for each node whose text holds words that its encoder does not know."""
        found = ((name, self.of(name)) for name in self._workflow.nodes)
        return {name: sentence for name, sentence in found if sentence}

    def of(self, name: str) -> str:
        """Return what will be unknown of a node's text; empty where nothing is, or where that cannot be known."""
        spec = spec_of(self._workflow, self._catalogue, name)
        if spec is None or self._workflow.nodes[name].mode != "run" or not _multiline(spec):
            return ""
        known = self._words(name, spec)
        return known.sentence("\n".join(self._texts(name, spec))) if known is not None else ""

    def _words(self, name: str, spec: NodeSpec) -> KnownWords | None:
        """The words of the model whose text encoder a node is wired to, past what changes it on the way."""
        seen = {name}
        while (link := self._encoder_link(name, spec)) is not None:
            first = origin(self._workflow, self._catalogue, link)
            giver = spec_of(self._workflow, self._catalogue, first.source) if first is not None else None
            if first is None or giver is None or first.source in seen:
                return None
            name, spec = first.source, giver
            seen.add(name)
        if len(seen) == 1:
            return None
        params = self._workflow.nodes[name].params
        model = next((str(params.get(p.name, p.default)) for p in spec.params if p.widget == "model"), "")
        return _words_of(model, self._base)

    def _encoder_link(self, name: str, spec: NodeSpec) -> Link | None:
        wanted = {port.name for port in spec.inputs if port.type in self._catalogue.types(TEXT_ENCODER)}
        return next((link for link in self._incoming.get(name, ()) if link.input in wanted), None)

    def _texts(self, name: str, spec: NodeSpec) -> list[str]:
        """The texts of a node, those that a plain node gives it by a wire among them."""
        found = []
        for param in _multiline(spec):
            link = next((link for link in self._incoming.get(name, ()) if link.input == param), None)
            first = origin(self._workflow, self._catalogue, link) if link is not None else None
            giver = spec_of(self._workflow, self._catalogue, first.source) if first is not None else None
            if link is None:
                found.append(self._read(name, spec, param, self._value(name, spec, param)))
            elif first is not None and giver is not None and not giver.inputs and len(_multiline(giver)) == 1:
                text = self._value(first.source, giver, _multiline(giver)[0])
                found.append(self._read(name, spec, param, text))
        return found

    def _read(self, name: str, spec: NodeSpec, param: str, text: str) -> str:
        """What of a text is words, where it may hold weights and steps besides."""
        found = next(one for one in spec.params if one.name == param)
        reading = READINGS.get(self._value(name, spec, found.weighed)) if found.weighed else None
        if reading is None:
            return text
        try:
            texts = [text]
            if found.changes:
                steps = int(self._value(name, spec, found.changes))
                texts = [stretch.text for summand in summands(text, steps) for stretch in summand.stretches]
            return "\n".join(piece.text for one in dict.fromkeys(texts) for piece in reading.pieces(one))
        except (PromptError, ValueError):  # the run will say so
            return ""

    def _value(self, name: str, spec: NodeSpec, param: str) -> str:
        default = next(found.default for found in spec.params if found.name == param)
        return str(self._workflow.nodes[name].params.get(param, default))


def _multiline(spec: NodeSpec) -> list[str]:
    return [param.name for param in spec.params if param.kind == "str" and param.widget == "multiline"]


def _words_of(model: str, base: Path) -> KnownWords | None:
    try:
        path = resources.locate(model, base) if model else None
    except OSError:
        return None
    return (known_words(path / "tokenizer") or known_words(path)) if path is not None else None
