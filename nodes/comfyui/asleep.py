"""Nodes that are switched off in ComfyUI: they stand here too, switched off, and can be switched on."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any

from msgspec.structs import replace

from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace, PromptNode
from nodeflow.graph.model.catalogue import passes_through
from nodeflow.graph.model.workflow import Socket
from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import (
    FAULTS,
    ImportedClip,
    ImportedConditioning,
    ImportedLatent,
    Model,
    Wire,
    wire_of,
)
from nodes.comfyui.registry import translators

MOST_NAMED = 8
"""Nodes that a sentence names."""
PREVIEW = "Preview"
"""Part of the names of what shows values, as each node here does by itself."""
MOST_BEFORE = 200
"""Nodes that are switched off one behind the other."""

Mean = Callable[[str, tuple[Any, ...]], None]
Giving = Callable[[PromptNode], Given]


class SleepingNodes:
    """Makes nodes for bypassed and muted ones. A bypassed one stands on the wire that it passes on, where the same is
    passed on here."""

    def __init__(self, build: Builder, prompt: FlatPrompt, given: Giving, mean: Mean) -> None:
        """``given`` tells what a node is given, ``mean`` takes down what the outputs of one mean."""
        self._build, self._prompt, self._given, self._mean = build, prompt, given, mean
        self._passing: dict[str, dict[int, Wire]] = {}
        """By node, once it was made, and output: the output here that passes on what arrives."""
        self._origins: dict[Wire, Wire] = {}
        """What each of these passes on."""
        self._needless: set[str] = set()
        """Loaders that others do the work of."""

    def through(self, place: OutputPlace, meaning: Any) -> Any:
        """What arrives behind a bypassed node that passes on a meaning: the same, by way of the node here."""
        for id in reversed(before_asleep(self._prompt, place.node)):
            self._make(id)
        first = last = self._passing.get(place.node, {}).get(place.slot)
        while first in self._origins:
            first = self._origins[first]
        return _by_way_of(meaning, last) if last is not None and first == wire_of(meaning) else meaning

    def lay(self, ids: Iterable[str]) -> None:
        """Make what was not made yet, in this order."""
        for id in ids:
            self._make(id)

    def left_out(self) -> list[str]:
        """Say which nodes that are switched off were left out."""
        made = self._build.made
        lost = [one for id, one in self._prompt.asleep.items() if not made.get(id) and id not in self._needless]
        lost = [one for one in lost if PREVIEW not in one.type]
        if not lost:
            return []
        named = ", ".join(f"{node.id} ({node.type})" for node in lost[:MOST_NAMED])
        more = ", ..." if len(lost) > MOST_NAMED else ""
        return [f"nodes that are switched off in the file were left out, {len(lost)} in all: {named}{more}"]

    def _make(self, id: str) -> None:
        """Make a node in the mode that it has; nothing where it cannot be made."""
        if id in self._passing or id not in self._prompt.asleep:
            return
        self._passing[id] = {}
        node, build, current = self._prompt.asleep[id], self._build, self._build.current
        mark = build.begin(id)
        try:
            found = translators()[node.type](self._given(node), build)
        except FAULTS:
            build.undo(mark)
            return
        finally:
            build.current = current
        names, muted = build.made[id], id in self._prompt.muted
        for name in names:
            build.workflow.nodes[name] = replace(build.workflow.nodes[name], mode="mute" if muted else "bypass")
        if not any(isinstance(one, OutputPlace) for one in node.inputs.values()):
            self._needless.add(id)
        meanings = found if type(found) is tuple else (found,)
        self._mean(id, meanings)
        for slot, meaning in enumerate(meanings):
            wire = wire_of(meaning)
            if not muted and wire is not None and wire.node in names and (origin := self._passed_on(wire, names)):
                self._passing[id][slot] = wire
                self._origins[wire] = origin

    def _passed_on(self, wire: Wire, names: Container[str]) -> Wire | None:
        """What comes to bypassed nodes and goes on at an output of one of them; None where that is nothing."""
        found: Wire | None = wire
        while found is not None and found.node in names:
            spec = self._build.catalogue.nodes[self._build.workflow.nodes[found.node].type]
            port = passes_through(spec).get(found.output)
            link = self._build.workflow.links.get(Socket(found.node, port)) if port else None
            found = Wire(link.source, link.output) if link else None
        return found


def before_asleep(prompt: FlatPrompt, id: str) -> list[str]:
    """A node that is switched off, and those that are before it, each before what it needs; not endlessly many."""
    found, todo = dict[str, None](), [id]
    while todo and len(found) < MOST_BEFORE:
        name = todo.pop()
        if name in prompt.asleep:
            found.pop(name, None)
            found[name] = None
            inputs = prompt.asleep[name].inputs.values()
            todo += [one.node for one in inputs if isinstance(one, OutputPlace) and one.node not in found]
    return list(found)


def _by_way_of(meaning: Any, wire: Wire) -> Any:
    """The same meaning, at another output."""
    match meaning:
        case Wire():
            return wire
        case Model():
            return replace(meaning, network=wire)
        case ImportedConditioning() | ImportedLatent() | ImportedClip():
            return replace(meaning, wire=wire)
    return meaning
