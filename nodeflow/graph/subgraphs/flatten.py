"""Flattening: a workflow without subgraphs that means the same. The nodes inside get paths for ids: ``group/inner``.

Only an instance that runs is unfolded. A muted or bypassed one stays one node, as which it is skipped or passed.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, TERMINALS, Link, Node, Problem, Workflow, WorkflowError
from nodeflow.graph.subgraphs.instances import definition_of, ordered, used_in

MAX_NODES = 100_000
"""More nodes than this are refused: a file of some lines could otherwise unfold to more than any memory holds."""
MAX_LINKS = 400_000
"""The same of wires, and of what comes together through them."""
MAX_DEPTH = 64
"""The same of instances inside one another."""

Origin = tuple[str, str]
"""A node and its output."""


class InstancePort(NamedTuple):
    """A port of an unfolded instance: the path of the terminal inside, and the port's name."""

    terminal: str
    port: str


class Supply(NamedTuple):
    """Hold what arrives at a gate from beyond all gates: outputs of nodes, or else a value that an instance sets.

    ``dry``: the gate that gives nothing although something is wired to it.
    """

    origins: list[Origin]
    value: Any = msgspec.UNSET
    dry: InstancePort | None = None


class Flat(NamedTuple):
    """A flattened workflow, and what became of the instances in it.

    ``unfolded``: by the path of each instance that runs, the name of its definition. ``starved``: the inputs of nodes
    that get nothing, since what they are wired to gives nothing.
    """

    workflow: Workflow
    unfolded: dict[str, str]
    gates: dict[InstancePort, Supply]
    starved: dict[str, list[Problem]]

    def origin(self, path: str, output: str) -> Origin | None:
        """The node and output that an output of a node or an instance comes from; None where nothing gives it."""
        if path not in self.unfolded:
            return path, output
        supply = self.gates.get(InstancePort(f"{path}/{OUTPUTS}", output))
        return supply.origins[0] if supply is not None and supply.origins else None

    def ends(self, targets: Iterable[str]) -> tuple[str, ...]:
        """The targets, each instance among them replaced by the nodes that give its outputs or end inside it."""
        found: dict[str, None] = {}
        for target in targets:
            found.update(dict.fromkeys(self._ends(target) if target in self.unfolded else [target]))
        return tuple(found)

    def _ends(self, path: str) -> list[str]:
        inside = path + "/"
        links = self.workflow.links.values()
        used = {link.source for link in links if link.target.startswith(inside)}
        given = {
            name
            for gate, supply in self.gates.items()
            if gate.terminal == inside + OUTPUTS
            for name, _ in supply.origins
        }
        return [name for name in self.workflow.nodes if name.startswith(inside) and (name not in used or name in given)]


def flatten(workflow: Workflow) -> Flat:
    """The workflow with every running instance unfolded; the same workflow where there is none. Linear.

    Raises WorkflowError where more would come of it than can be, or where a definition contains itself.
    """
    if not workflow.subgraphs or not used_in(workflow.nodes.values()) & workflow.subgraphs.keys():
        return Flat(workflow, {}, {}, {})
    _measure(workflow)
    flat = Flat(Workflow(packs=workflow.packs), {}, {}, {})
    into, wired, values = _unfold(workflow, flat)
    count = 0
    for gate in _from_outside_in(into):
        count = _count(count, into.get(gate, []), flat.gates)
        flat.gates[gate] = _supply(gate, into.get(gate, []), values, flat.gates)
    for socket, links in wired.items():
        count = _count(count, links, flat.gates)
        _wire(flat, *socket, sorted(links, key=lambda link: link.slot))
    return flat


def _count(count: int, links: list[Link], gates: dict[InstancePort, Supply]) -> int:
    """Return how many origins there are with those that come along these wires. Raises WorkflowError where it is too
    many."""
    for link in links:
        beyond = gates.get(InstancePort(link.source, link.output))
        count += 1 if beyond is None else len(beyond.origins)
    if count > MAX_LINKS:
        reason = f"more than {MAX_LINKS} wires come together through its subgraphs; lead fewer wires through them"
        raise WorkflowError(Problem("", "", reason))
    return count


def _measure(workflow: Workflow) -> None:
    """Refuse a workflow that unfolds to too much, before it does."""
    known: dict[str, Extent] = {}
    for name in ordered(workflow.subgraphs):
        known[name] = _extent(workflow.subgraphs[name].body, known)
    whole = _extent(workflow, known)
    if whole.depth > MAX_DEPTH:
        reason = f"its subgraphs stand more than {MAX_DEPTH} deep inside one another; put less inside"
        raise WorkflowError(Problem("", "", reason))
    for word, size, most in (("nodes", whole.nodes, MAX_NODES), ("wires", whole.links, MAX_LINKS)):
        if size > most:
            reason = f"its subgraphs unfold to more than {most} {word}; use fewer instances inside one another"
            raise WorkflowError(Problem("", "", reason))


class Extent(NamedTuple):
    """Hold what a body unfolds to: its nodes and wires, and how deep instances stand in it."""

    nodes: int
    links: int
    depth: int


def _extent(body: Workflow, known: dict[str, Extent]) -> Extent:
    inner = [known[name] for node in body.nodes.values() if (name := definition_of(node.type)) in known]
    depth = 1 + max((extent.depth for extent in inner), default=-1)
    nodes = len(body.nodes) + sum(extent.nodes for extent in inner)
    return Extent(nodes, len(body.links) + sum(extent.links for extent in inner), depth)


def _unfold(
    workflow: Workflow, flat: Flat
) -> tuple[dict[InstancePort, list[Link]], dict[tuple[str, str], list[Link]], dict[InstancePort, Any]]:
    """Take in the nodes of all levels. The wires that end at gates, those that end at nodes, and the values set."""
    into: dict[InstancePort, list[Link]] = {}
    wired: dict[tuple[str, str], list[Link]] = {}
    values: dict[InstancePort, Any] = {}
    levels: list[tuple[str, Workflow]] = [("", workflow)]
    while levels:
        prefix, body = levels.pop()
        for name, node in body.nodes.items():
            path, inner = prefix + name, definition_of(node.type)
            if inner in workflow.subgraphs and node.mode == "run":
                flat.unfolded[path] = inner
                levels.append((path + "/", workflow.subgraphs[inner].body))
                values.update((InstancePort(f"{path}/{INPUTS}", port), value) for port, value in node.params.items())
            elif not prefix or name not in TERMINALS:
                flat.workflow.nodes[path] = node
        for link in body.links.values():
            source, target = prefix + link.source, prefix + link.target
            if source in flat.unfolded:
                source = f"{source}/{OUTPUTS}"
            if target in flat.unfolded:
                target = f"{target}/{INPUTS}"
            moved = Link(source, link.output, target, link.input, link.slot)
            if _is_gate(target):
                into.setdefault(InstancePort(target, link.input), []).append(moved)
            else:
                wired.setdefault((target, link.input), []).append(moved)
            if _is_gate(source):
                into.setdefault(InstancePort(source, link.output), [])
    return into, wired, values


def _is_gate(path: str) -> bool:
    return "/" in path and path.endswith(TERMINALS)


def _from_outside_in(into: dict[InstancePort, list[Link]]) -> list[InstancePort]:
    """The gates, each after those that it comes from. Raises WorkflowError for wires that only lead in a circle."""
    before = {
        gate: [InstancePort(link.source, link.output) for link in links if _is_gate(link.source)]
        for gate, links in into.items()
    }
    try:
        return list(graphlib.TopologicalSorter(before).static_order())
    except graphlib.CycleError as error:
        ring = " -> ".join(list(dict.fromkeys(gate.terminal.rpartition("/")[0] for gate in error.args[1]))[:12])
        raise WorkflowError(
            Problem("", "", f"wires lead in a circle through subgraphs and past no node: {ring}")
        ) from None


def _supply(
    gate: InstancePort, links: list[Link], values: dict[InstancePort, Any], known: dict[InstancePort, Supply]
) -> Supply:
    origins: list[Origin] = []
    value, dry = values.get(gate, msgspec.UNSET), None if links or gate.terminal.endswith(INPUTS) else gate
    for link in sorted(links, key=lambda link: link.slot):
        if not _is_gate(link.source):
            origins.append((link.source, link.output))
            continue
        beyond = known[InstancePort(link.source, link.output)]
        origins += beyond.origins
        value = value if beyond.value is msgspec.UNSET else beyond.value
        dry = beyond.dry
    return Supply(origins, value, None if origins else dry)


def _wire(flat: Flat, target: str, input: str, links: list[Link]) -> None:
    """Lay the wires to an input of a node, or set its parameter, with what comes through the gates."""
    origins: list[Origin] = []
    for link in links:
        supply = flat.gates.get(InstancePort(link.source, link.output))
        if supply is None:
            origins.append((link.source, link.output))
            continue
        origins += supply.origins
        if supply.value is not msgspec.UNSET and not supply.origins:
            node = flat.workflow.nodes[target]
            flat.workflow.nodes[target] = msgspec.structs.replace(node, params={**node.params, input: supply.value})
        elif supply.dry is not None:
            path = supply.dry.terminal.rpartition("/")[0]
            reason = f"gets nothing: {path!r} gives nothing at {supply.dry.port!r}; lay a wire to it inside"
            flat.starved.setdefault(target, []).append(Problem(target, input, reason))
    several = len(origins) > 1 or any(link.slot for link in links)
    for slot, (source, output) in enumerate(origins):
        made = Link(source, output, target, input, slot if several else 0)
        flat.workflow.links[made.socket] = made


def level(workflow: Workflow, path: str) -> str | None:
    """The definition in which the inside of an instance stands; empty for the root, None where there is none such."""
    name, body = "", workflow
    for step in path.split("/") if path else ():
        node = body.nodes.get(step)
        name = definition_of(node.type) if node is not None else ""
        if name not in workflow.subgraphs:
            return None
        body = workflow.subgraphs[name].body
    return name


def inside_of(workflow: Workflow, name: str) -> Workflow:
    """The nodes and wires of a definition; of the workflow itself for the empty name."""
    return workflow.subgraphs[name].body if name else workflow


def node_at(workflow: Workflow, path: str) -> Node | None:
    """The node that a path leads to."""
    parent, _, name = path.rpartition("/")
    where = level(workflow, parent)
    return None if where is None else inside_of(workflow, where).nodes.get(name)
