"""Translating a flat workflow: each node in turn, what it needs before it, by the function that knows its class."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace, PromptNode
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Node, Workflow
from nodes.comfyui.asleep import SleepingNodes, before_asleep
from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import (
    FAULTS,
    CannotTranslateError,
    ImportedClip,
    ImportedConditioning,
    ImportedLatent,
    Model,
    NotWiredError,
    Value,
    Wire,
    wire_of,
)
from nodes.comfyui.placeholders import PACK, kept, output_name, storable
from nodes.comfyui.registry import Translator, translators
from nodes.comfyui.sampled_models import models_of_levels, networks_of_texts
from nodes.comfyui.spare import NOTHING, SpareNodes

TRANSLATED, APPROXIMATE, UNKNOWN = "translated", "approximate", "unknown"
STRANGE = "its values are of another kind than those of such a node"
MOST_SHOWN = 8
"""Nodes that a line of the report leads to, where none was made for it alone."""
DEEPEST = 64
"""Placeholders that are made for each other's sake."""


class TranslatedNode(NamedTuple):
    """What became of a node: how, the nodes here, and why it is not exact or not there; ``lacking``: why it would not
    run there, and stands here switched off."""

    id: str
    type: str
    status: str
    nodes: list[str]
    notes: list[str]
    lacking: str = ""


class Translation(NamedTuple):
    """The workflow, what became of each node, and in sentences what was left out of those that are switched off."""

    workflow: Workflow
    rows: dict[str, TranslatedNode]
    made: dict[str, list[str]]
    left_out: list[str]


def translate(prompt: FlatPrompt, catalogue: Catalogue) -> Translation:
    """Translate a flat workflow. Never fails: what has no counterpart becomes a placeholder."""
    return _GraphTranslating(prompt, catalogue).run()


class _GraphTranslating:
    """Holds what the outputs of nodes mean, as far as they were reached."""

    def __init__(self, prompt: FlatPrompt, catalogue: Catalogue) -> None:
        self.prompt, self.build = prompt, Builder(catalogue, prompt)
        self.meanings: dict[tuple[str, int], Any] = {}
        self.rows: dict[str, TranslatedNode] = {}
        self.placeholders: dict[str, str] = {}
        self.sampled = models_of_levels(prompt)
        self.networks = networks_of_texts(prompt)
        self.asleep = SleepingNodes(self.build, prompt, self._given, self._mean)
        self.spare = SpareNodes(self.build)

    def run(self) -> Translation:
        for id in _in_order(self.prompt, self.sampled, self.networks):
            node = self.prompt.nodes[id]
            mark = self.build.begin(id)
            given = self._given(node)
            if id in self.sampled:
                given.inputs["model"] = self._meant(self.sampled[id])
            if id in self.networks and isinstance(led := self._meant(self.networks[id]), Model):
                given.network = led.loaded or led.network
            translator = translators().get(node.type)
            try:
                if translator is None:
                    raise CannotTranslateError("there is no counterpart here")
                found = self._translated(node, translator, given, mark)
            except FAULTS as error:
                self.build.undo(mark)
                self._placeholder(id)
                reason = str(error) if isinstance(error, CannotTranslateError) else STRANGE
                self.rows[id] = TranslatedNode(id, node.type, UNKNOWN, self.build.made[id], [reason])
                continue
            self._mean(id, found if type(found) is tuple else (found,))
            for name in sorted(given.lost):
                given.approximate(f"its {name} is left out: it comes from what has no counterpart here")
            status = APPROXIMATE if given.notes else TRANSLATED
            lacking = self.spare.why(id)
            self.rows[id] = TranslatedNode(id, node.type, status, self.build.made[id], given.notes, lacking)
        self.asleep.lay(_in_order(FlatPrompt(self.prompt.asleep)))
        self.spare.switch_off()
        self.build.leave_out_replaced()
        rows = {id: row if row.nodes else row._replace(nodes=self._served_by(id)) for id, row in self.rows.items()}
        return Translation(self.build.workflow, rows, self.build.made, [*self.asleep.left_out(), *self.spare.told()])

    def _translated(self, node: PromptNode, translator: Translator, given: Given, mark: tuple[int, int]) -> Any:
        """What a node means; one that lacks a wire is made too."""
        try:
            return translator(given, self.build)
        except NotWiredError as error:
            self.build.undo(mark)
            return self.spare.translated(node, translator, self._given, error)

    def _mean(self, id: str, found: tuple[Any, ...]) -> None:
        """Take down what the outputs of a node mean."""
        for slot, meaning in enumerate(found):
            if isinstance(meaning, Model) and meaning.loaded is None:
                meaning = replace(meaning, loaded=meaning.network)
            self.meanings[id, slot] = meaning
            if isinstance(meaning, Model) and self.build.levels is None and meaning.schedule != NOTHING:
                self.build.levels = meaning.schedule
            if isinstance(meaning, Model) and self.build.network is None and meaning.schedule != NOTHING:
                self.build.network = meaning.network

    def _served_by(self, id: str) -> list[str]:
        """For a node that none was made for: the nodes that do its work, else those made for what takes of it."""
        slots = self.build.used(id) | {0}
        meanings = [self.meanings.get((id, slot)) for slot in slots]
        found = [wire.node for meaning in meanings if (wire := wire_of(meaning)) is not None]
        beside = [taker for taker, _ in self.build.consumers(id)]
        beside += [value.node for value in self.prompt.nodes[id].inputs.values() if isinstance(value, OutputPlace)]
        for other in beside:
            found += self.build.made.get(other, [])
        return [name for name in dict.fromkeys(found) if name in self.build.workflow.nodes][:MOST_SHOWN]

    def _given(self, node: PromptNode) -> Given:
        inputs = {key: self._arriving(node.id, key, value) for key, value in node.inputs.items()}
        lost = [key for key, value in node.inputs.items() if isinstance(value, OutputPlace) and inputs[key] is None]
        return Given(node.id, node.type, inputs, node.title, frozenset(lost))

    def _arriving(self, id: str, key: str, value: Any) -> Any:
        """What an input is, by way of a bypassed node where one stands before it."""
        meaning, place = self._meant(value), self.prompt.passed.get((id, key))
        return meaning if place is None or meaning is None else self.asleep.through(place, meaning)

    def _meant(self, value: Any) -> Any:
        """What an input is: a value, or what the output means that it comes from."""
        if isinstance(value, OutputPlace):
            return self.meanings.get((value.node, value.slot))
        return storable(value)

    def _placeholder(self, id: str, depth: int = 0) -> str:
        """The placeholder of a node; those before it that have no wire of ours become ones too."""
        if id in self.placeholders:
            return self.placeholders[id]
        node = self.prompt.nodes[id]
        name = self.placeholders[id] = self.build.placeholder_id(node.type)
        params, links = {}, []
        for key, value in node.inputs.items():
            meaning = self._meant(value)
            if not isinstance(value, OutputPlace):
                params[storable(key)] = meaning
            elif wire := self._wire(value, meaning, depth):
                links.append((storable(key), wire, 0))
            elif isinstance(meaning, Value):
                params[storable(key)] = meaning.constant
        self.build.current = id
        self.build.add(name, Node(f"{PACK}.{storable(node.type)}", None, params, extra=kept(node)), links)
        for slot in {*range(len(node.outputs)), *self.build.used(id)}:
            self.meanings.setdefault((id, slot), self._stand_in(node, slot, Wire(name, output_name(node, slot))))
        return name

    def _stand_in(self, node: PromptNode, slot: int, wire: Wire) -> Any:
        """What an output of a placeholder means: a model or text that passes it keeps what is known of it."""
        kind = node.outputs[slot] if 0 <= slot < len(node.outputs) else ""
        passed = [self._meant(value) for value in node.inputs.values() if isinstance(value, OutputPlace)]
        if kind == "MODEL":
            self.build.levels = self.build.levels or wire
            model = next((one for one in passed if isinstance(one, Model)), None)
            return replace(model, network=wire) if model else Model(wire, wire, guessed=True)
        if kind == "CONDITIONING":
            texts = [one for one in passed if isinstance(one, ImportedConditioning)]
            place = node.outputs[:slot].count(kind)
            return (
                replace(texts[min(place, len(texts) - 1)], wire=wire, zero=False)
                if texts
                else ImportedConditioning(wire)
            )
        if kind == "VAE" and self.build.vae is None:
            self.build.vae = wire
        if kind == "CLIP":
            text = next((one for one in passed if isinstance(one, ImportedClip)), None)
            return replace(text, wire=wire) if text else ImportedClip(wire)
        return ImportedLatent(wire) if kind == "LATENT" else wire

    def _wire(self, source: OutputPlace, meaning: Any, depth: int) -> Wire | None:
        wire = wire_of(meaning)
        if wire is not None or source.node not in self.rows or depth >= DEEPEST:
            return wire
        name = self._placeholder(source.node, depth + 1)
        before = self.rows[source.node]
        if before.status == TRANSLATED:
            note = "kept as a placeholder too, for a node that has no counterpart"
            self.rows[source.node] = before._replace(status=APPROXIMATE, notes=[*before.notes, note])
        return Wire(name, output_name(self.prompt.nodes[source.node], source.slot))


def _in_order(prompt: FlatPrompt, *besides: Mapping[str, OutputPlace]) -> list[str]:
    """Each node behind those that it needs; those in circles at the end, as they stand in the file."""
    needs = {id: _sources(node, prompt) for id, node in prompt.nodes.items()}
    for (id, _), place in prompt.passed.items():
        for before in before_asleep(prompt, place.node) if id in needs else ():
            needs[id] |= _sources(prompt.asleep[before], prompt) - {id}
    for id, model in (pair for one in besides for pair in one.items()):
        needs[id].add(model.node)
    takers: dict[str, list[str]] = {id: [] for id in prompt.nodes}
    for id, sources in needs.items():
        for source in sources:
            takers[source].append(id)
    open_ = {id: len(sources) for id, sources in needs.items()}
    ready = deque(id for id, count in open_.items() if not count)
    done: dict[str, None] = {}
    while ready:
        id = ready.popleft()
        done[id] = None
        for taker in takers[id]:
            open_[taker] -= 1
            if not open_[taker]:
                ready.append(taker)
    return [*done, *(id for id in prompt.nodes if id not in done)]


def _sources(node: PromptNode, prompt: FlatPrompt) -> set[str]:
    return {
        value.node for value in node.inputs.values() if isinstance(value, OutputPlace) and value.node in prompt.nodes
    }
