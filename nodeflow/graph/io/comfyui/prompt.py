"""The flat form of a ComfyUI workflow: each node that runs, by id, with what every input is: a value or an output.

It is what ComfyUI's window sends to its server, and what API files hold. Reroutes, primitives, muted and bypassed
nodes, subgraphs, group nodes, and nodes that set and get by name are gone; nodes inside subgraphs have paths for ids
(``12:5``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from nodeflow.graph.io.comfyui.broadcast import Broadcasts, is_broadcast
from nodeflow.graph.io.comfyui.model import (
    BYPASSED,
    INPUTS,
    MUTED,
    OUTPUTS,
    ComfyNode,
    ComfyWorkflow,
    Definition,
    Graph,
    NumberedLink,
    Slot,
)
from nodeflow.graph.io.comfyui.tolerant import name, text
from nodeflow.graph.io.comfyui.widgets import class_facts, named_values, pack_facts, read_values

NOTES = frozenset({"Note", "MarkdownNote", "Note Plus (mtb)"})
LABEL = "Label (rgthree)"
"""A line of text on the canvas, which stands in its title."""
SET_NODES = frozenset({"SetNode", "easy setNode"})
GET_NODES = frozenset({"GetNode", "easy getNode"})
REROUTES = frozenset({"Reroute", "Reroute (rgthree)"})
CONTROLS = frozenset(
    {
        "Fast Muter (rgthree)",
        "Fast Bypasser (rgthree)",
        "Fast Groups Muter (rgthree)",
        "Fast Groups Bypasser (rgthree)",
        "Fast Actions Button (rgthree)",
        "Mute / Bypass Relay (rgthree)",
        "Mute / Bypass Repeater (rgthree)",
        "Random Unmuter (rgthree)",
        "Node Collector (rgthree)",
        "Bookmark (rgthree)",
        "Label (rgthree)",
    }
)
"""Buttons and labels of packs, which switch nodes on and off in the window."""
WINDOW_ONLY = REROUTES | CONTROLS | {"PrimitiveNode"} | NOTES | SET_NODES | GET_NODES
"""Classes that the window resolves by itself and never sends."""
PLAIN = frozenset({"STRING", "INT", "FLOAT", "BOOLEAN", "COMBO"})
"""Types of inputs that can be values."""
MAX_DEPTH = 24
"""Subgraphs inside each other; a definition that holds itself ends there."""
MAX_INSTANCES = 5_000
"""Instances of subgraphs, those inside of others counted each."""
MAX_NODES = 50_000
"""Nodes of a flat workflow: more is a subgraph that multiplies."""


class OutputPlace(NamedTuple):
    """An output that an input comes from: its node by id, and its place."""

    node: str
    slot: int


class PromptNode(msgspec.Struct):
    """A node that runs. ``inputs`` by name: an `OutputPlace`, or a plain value."""

    id: str
    type: str
    inputs: dict[str, Any] = {}
    title: str = ""
    outputs: tuple[str, ...] = ()
    """The types of its outputs, where they are known."""
    values: tuple[Any, ...] = ()
    """All its values in their order, where not all have names."""


class FlatPrompt(msgspec.Struct):
    """The nodes that run, by id in the order of the file, and in sentences what was left out.

    ``asleep``: those that would run if they were not bypassed or, as ``muted`` says, muted; ``passed``: by node and
    input, the output of a bypassed node at which it begins in the window, and which passes on what `nodes` say.
    """

    nodes: dict[str, PromptNode] = {}
    skipped: list[str] = []
    asleep: dict[str, PromptNode] = {}
    muted: set[str] = set()
    passed: dict[tuple[str, str], OutputPlace] = {}


class GraphPlace(NamedTuple):
    """A graph where it stands: the workflow itself, or the inside of one instance of a subgraph."""

    graph: Graph
    path: str = ""
    definition: Definition | None = None
    outer: Any = None
    """The scope that the instance stands in."""
    instance: ComfyNode | None = None
    depth: int = 0

    def id_of(self, node: ComfyNode) -> str:
        return f"{self.path}{node.id}"


class End(NamedTuple):
    """Hold where a link leads back to: a node's output, or a value where ``node`` is None."""

    scope: GraphPlace | None
    node: ComfyNode | None
    slot: int
    value: Any = None
    passed: OutputPlace | None = None
    """The output of the last bypassed node on the way."""


def flatten(workflow: ComfyWorkflow) -> FlatPrompt:
    """Return the flat form of what ComfyUI's window saves."""
    return _Flattening(workflow).run()


class _Flattening:
    """Holds what one flattening knows: the scopes of instances, and what is broadcast in each scope."""

    def __init__(self, workflow: ComfyWorkflow) -> None:
        self.workflow = workflow
        self.prompt = FlatPrompt(skipped=list(workflow.skipped))
        self._inside: dict[str, GraphPlace] = {}
        self._broadcasts: dict[str, Broadcasts] = {}

    def run(self) -> FlatPrompt:
        waiting = deque([GraphPlace(self.workflow.graph)])
        while waiting:
            scope = waiting.popleft()
            for node in scope.graph.nodes.values():
                if node.mode in (MUTED, BYPASSED):
                    self._lay_asleep(scope, node)
                    continue
                if node.type in WINDOW_ONLY or is_broadcast(node.type):
                    continue
                if len(self.prompt.nodes) >= MAX_NODES:
                    self.prompt.skipped.append(f"more than {MAX_NODES} nodes: what comes after was left out")
                    return self.prompt
                if node.type in self.workflow.definitions:
                    inside = self.inside(scope, node)
                    if inside is not None:
                        waiting.append(inside)
                    if len(self._inside) > MAX_INSTANCES:
                        self.prompt.skipped.append(f"more than {MAX_INSTANCES} subgraphs: those behind were left out")
                        return self.prompt
                    continue
                self.prompt.nodes[scope.id_of(node)] = self._node(scope, node)
        if not self.prompt.nodes:
            self.prompt.skipped.append(self._why_nothing())
        return self.prompt

    def _computes(self, node: ComfyNode) -> bool:
        """Return whether a node is sent as itself."""
        return not (node.type in WINDOW_ONLY or node.type in self.workflow.definitions or is_broadcast(node.type))

    def _lay_asleep(self, scope: GraphPlace, node: ComfyNode) -> None:
        """Take note of a node that is switched off."""
        if not self._computes(node) or len(self.prompt.asleep) >= MAX_NODES:
            return
        id, said = scope.id_of(node), len(self.prompt.skipped)
        self.prompt.asleep[id] = self._node(scope, node)
        del self.prompt.skipped[said:]
        if node.mode == MUTED:
            self.prompt.muted.add(id)

    def _why_nothing(self) -> str:
        """Why nothing of a file runs."""
        if any(node.mode in (MUTED, BYPASSED) for node in self.workflow.graph.nodes.values()):
            return "all that would run is muted or bypassed in this file; let it run there first"
        return "no node of this file computes anything; what else it holds is kept"

    def inside(self, scope: GraphPlace, instance: ComfyNode) -> GraphPlace | None:
        """The inside of an instance, with the values that the instance gives; None where it is nested too deep."""
        path = f"{scope.id_of(instance)}:"
        if path not in self._inside:
            if scope.depth >= MAX_DEPTH:
                self.prompt.skipped.append(f"subgraphs are nested more than {MAX_DEPTH} deep at {instance.id}")
                return None
            definition = self.workflow.definitions[instance.type]
            graph = _with_values(definition, instance)
            self._inside[path] = GraphPlace(graph, path, definition, scope, instance, scope.depth + 1)
        return self._inside[path]

    def _node(self, scope: GraphPlace, node: ComfyNode) -> PromptNode:
        facts = class_facts().get(node.type) or pack_facts().get(node.type)
        read = read_values(node)
        inputs: dict[str, Any] = dict(read.values)
        if read.unread and facts:
            self.prompt.skipped.append(
                f"{scope.id_of(node)} ({node.type}) is of another version than those known here: the last "
                f"{read.unread} of its values were left out"
            )
        for slot in node.inputs:
            asleep = node.mode in (MUTED, BYPASSED)
            end = self.source(scope, scope.graph.links.get(slot.link), asleep) if slot.link else None
            if end is None and slot.link is None:
                end = self._broadcast(scope, node, slot)
            if end is None:
                continue
            if end.node is None:
                inputs[slot.widget or slot.name] = end.value
            elif end.scope is not None:
                inputs[slot.widget or slot.name] = OutputPlace(end.scope.id_of(end.node), end.slot)
                if end.passed is not None:
                    self.prompt.passed[scope.id_of(node), slot.widget or slot.name] = end.passed
        outputs = tuple(slot.type for slot in node.outputs) or (facts.outputs if facts else ())
        unnamed = node.values if read.unread or (not facts and not node.named) else ()
        return PromptNode(scope.id_of(node), node.type, inputs, node.title, outputs, tuple(unnamed))

    def _broadcast(self, scope: GraphPlace, node: ComfyNode, slot: Slot) -> End | None:
        if scope.path not in self._broadcasts:
            self._broadcasts[scope.path] = Broadcasts(scope.graph)
        found = self._broadcasts[scope.path].link_for(node, slot)
        return self.source(scope, found) if found else None

    def source(self, scope: GraphPlace | None, link: NumberedLink | None, asleep: bool = False) -> End | None:
        """Follow a link back to what it comes from; None where that is nothing, as a muted node is. For a node that is
        ``asleep`` itself those that are, are as any."""
        seen: set[tuple[str, str, int]] = set()
        passed: OutputPlace | None = None
        while scope is not None and link is not None:
            if link.origin == INPUTS:
                scope, link_or_end = self._from_outside(scope, link.origin_slot)
                if isinstance(link_or_end, End):
                    return link_or_end
                link = link_or_end
                continue
            node = scope.graph.nodes.get(link.origin)
            if node is None or (scope.path, node.id, link.origin_slot) in seen:
                return None
            if asleep and node.mode in (MUTED, BYPASSED) and self._computes(node):
                return End(scope, node, link.origin_slot)
            if node.mode == MUTED:
                return None
            seen.add((scope.path, node.id, link.origin_slot))
            if node.mode == BYPASSED:
                if passed is None and self._computes(node):
                    passed = OutputPlace(scope.id_of(node), link.origin_slot)
                link = _bypassed(scope.graph, node, link)
            elif node.type == "PrimitiveNode":
                return End(None, None, 0, node.values[0]) if node.values else None
            elif node.type in REROUTES:
                link = _linked(scope.graph, node, 0)
            elif node.type in GET_NODES:
                scope, link = self._set_elsewhere(scope, node)
            elif node.type in SET_NODES:
                link = _linked(scope.graph, node, 0)
            elif node.type in self.workflow.definitions:
                inside = self.inside(scope, node)
                scope, link = inside, _to_the_end(inside, link.origin_slot) if inside else None
            else:
                return End(scope, node, link.origin_slot, passed=passed)
        return None

    def _from_outside(self, scope: GraphPlace, place: int) -> tuple[GraphPlace | None, NumberedLink | End | None]:
        """Return what an input of a subgraph is: a link outside, or the value that the instance gives."""
        definition, instance, outer = scope.definition, scope.instance, scope.outer
        if definition is None or instance is None or not 0 <= place < len(definition.inputs):
            return None, None
        wanted = definition.inputs[place].name
        slot = next((slot for slot in instance.inputs if wanted and wanted in (slot.name, slot.widget)), None)
        if slot is None and place < len(instance.inputs) and len(instance.inputs) == len(definition.inputs):
            slot = instance.inputs[place]
        if slot is not None and slot.link is not None and slot.link in outer.graph.links:
            return outer, outer.graph.links[slot.link]
        values = instance_values(instance, definition)
        key = next((key for key in (wanted, slot.widget if slot else "") if key in values), None)
        return None, _shown_inside(scope, place) if key is None else End(None, None, 0, values[key])

    def _set_elsewhere(self, scope: GraphPlace, node: ComfyNode) -> tuple[GraphPlace | None, NumberedLink | None]:
        """Return what was set under the name that a node gets, here or in a scope around."""
        wanted = text(node.values[0]) if node.values else ""
        around: GraphPlace | None = scope
        while around is not None:
            for other in around.graph.nodes.values():
                if other.type in SET_NODES and other.values and text(other.values[0]) == wanted and other.mode != MUTED:
                    return around, _linked(around.graph, other, 0)
            around = around.outer
        return None, None


def _shown_inside(scope: GraphPlace, place: int) -> End | None:
    """The value at an input of a subgraph whose instance gives none: that of the widget inside which it leads to."""
    for link in scope.graph.links.values():
        node = scope.graph.nodes.get(link.target)
        if (link.origin, link.origin_slot) != (INPUTS, place) or node is None or link.target_slot >= len(node.inputs):
            continue
        values, shown = named_values(node), node.inputs[link.target_slot].widget
        if shown in values:
            return End(None, None, 0, values[shown])
    return None


def instance_values(instance: ComfyNode, definition: Definition | None = None) -> dict[str, Any]:
    """Return the values that an instance of a subgraph gives to its inputs, by their names.

    The newest files have one for each input of the definition that can be a value, and list only some of these inputs.
    """
    shown = [slot.widget or slot.name for slot in instance.inputs if slot.widget]
    proxies = [key for inner, key in _proxies(instance) if inner == "-1"]
    order = shown if len(shown) >= len(proxies) else proxies
    known = [slot.name for slot in definition.inputs if slot.type in PLAIN] if definition else []
    if len(known) == len(instance.values) > len(order):
        order = known
    given = dict(zip(order, instance.values, strict=False)) if len(_proxies(instance)) in (0, len(proxies)) else {}
    return {**given, **instance.named}


def _proxies(instance: ComfyNode) -> list[tuple[str, str]]:
    """The inner widgets that an instance shows: the inner node's id (-1: an input of the instance) and its name."""
    found = instance.properties.get("proxyWidgets")
    pairs = [pair for pair in found if isinstance(pair, list) and len(pair) >= 2] if isinstance(found, list) else []
    return [(name(pair[0]), text(pair[1])) for pair in pairs]


def _with_values(definition: Definition, instance: ComfyNode) -> Graph:
    """The graph of a definition with the values of the inner widgets that an instance shows."""
    proxies = _proxies(instance)
    graph = _group_values(definition, instance)
    if not proxies or not instance.values:
        return graph
    nodes = dict(graph.nodes)
    for (inner, key), value in zip(proxies, instance.values, strict=False):
        if inner in nodes:
            node = nodes[inner]
            nodes[inner] = msgspec.structs.replace(node, named={**node.named, key: value})
    return Graph(nodes, graph.links, graph.groups)


def _group_values(definition: Definition, instance: ComfyNode) -> Graph:
    """The graph of a group node: its instance keeps the values of all inner nodes one after the other."""
    graph = definition.graph
    if not definition.id.startswith(("workflow>", "workflow/")) or not instance.values:
        return graph
    nodes, left = dict(graph.nodes), list(instance.values)
    for key, node in graph.nodes.items():
        count = len(node.values)
        if len(left) < count:
            break
        nodes[key] = msgspec.structs.replace(node, values=left[:count])
        left = left[count:]
    return Graph(nodes, graph.links, graph.groups)


def _to_the_end(inside: GraphPlace, place: int) -> NumberedLink | None:
    """The link inside a subgraph that leads to its output at a place."""
    links = inside.graph.links.values()
    return next((link for link in links if link.target == OUTPUTS and link.target_slot == place), None)


def _linked(graph: Graph, node: ComfyNode, place: int) -> NumberedLink | None:
    slot = node.inputs[place] if place < len(node.inputs) else None
    return graph.links.get(slot.link) if slot is not None and slot.link else None


def _bypassed(graph: Graph, node: ComfyNode, link: NumberedLink) -> NumberedLink | None:
    """Return what a bypassed node passes on: the input of the output's place, the first of its type, or one that
    fits."""
    wanted = node.outputs[link.origin_slot].type if link.origin_slot < len(node.outputs) else link.type
    slots = node.inputs
    here = slots[link.origin_slot : link.origin_slot + 1]
    for slot in (
        *(slot for slot in here if _fits(slot.type, wanted)),
        *(slot for slot in slots if slot.type == wanted),
        *(slot for slot in slots if _fits(slot.type, wanted)),
    ):
        return graph.links.get(slot.link) if slot.link else None
    return None


def _fits(one: str, other: str) -> bool:
    return "*" in (one, other) or bool({*one.split(",")} & {*other.split(",")})


def notes(graph: Graph) -> Iterator[ComfyNode]:
    """Yield the notes of a graph; a label is one whose text is its title."""
    for node in graph.nodes.values():
        if node.type in NOTES:
            yield node
        elif node.type == LABEL and node.title:
            yield msgspec.structs.replace(node, values=[node.title])
