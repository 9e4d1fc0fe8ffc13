"""The plan of a run: which nodes have to be evaluated for the targets, in which order, and from what."""

from __future__ import annotations

import collections
from typing import NamedTuple

import msgspec

from nodeflow.graph.catalog import Catalogue, NodeSpec, passes_through
from nodeflow.graph.scope import obstacles, scope
from nodeflow.graph.subgraphs import with_subgraphs
from nodeflow.graph.workflow import Link, Node, Problem, Workflow, WorkflowError


class Origin(NamedTuple):
    """Where a value comes from: an output of a node."""

    node: str
    output: str


class Task(msgspec.Struct, frozen=True):
    """One node to evaluate. ``inputs`` names, for each wired input or parameter, the origins in slot order."""

    id: str
    node: Node
    spec: NodeSpec
    inputs: dict[str, tuple[Origin, ...]]

    def eager(self) -> list[str]:
        """The nodes whose results it needs before it can start."""
        lazy = {port.name for port in self.spec.inputs if port.lazy}
        return [origin.node for name, origins in self.inputs.items() if name not in lazy for origin in origins]


class Plan(msgspec.Struct, frozen=True):
    """Tasks in topological order, the targets among them, and the nodes that stay out, each with the reason."""

    tasks: dict[str, Task]
    targets: tuple[str, ...]
    skipped: dict[str, str]


def plan(workflow: Workflow, catalogue: Catalogue, targets: tuple[str, ...] = ()) -> Plan:
    """Plan the evaluation of the targets, by default of every known node that nothing else uses.

    Subgraphs are unfolded: the tasks of their nodes have paths for ids (``group/inner``).
    Only what the targets need is checked. Raises WorkflowError with every problem found there. Linear.
    """
    about = scope(workflow, catalogue, targets)
    problems = obstacles(workflow, catalogue, about)
    if problems:
        raise WorkflowError(*problems)
    catalogue, workflow = with_subgraphs(catalogue, workflow), about.workflow
    incoming, skipped = workflow.incoming(), about.skipped
    tasks: dict[str, Task] = {}
    passing: dict[Origin, Origin | None] = {}
    for name in _ordered(incoming, about.needed):
        if name in skipped:
            continue
        node, spec = workflow.nodes[name], catalogue.nodes[workflow.nodes[name].type]
        inputs: dict[str, list[Origin]] = {}
        for link in incoming[name]:
            origin: Origin | None = Origin(link.source, link.output)
            if origin in passing:
                origin = passing[origin]
            if origin is not None:
                inputs.setdefault(link.input, []).append(origin)
            elif node.mode == "run" and (port := spec.input(link.input)) and port.required:
                reason = f"gets nothing: {link.source!r} is bypassed and has no input of this type to pass on"
                problems.append(Problem(name, link.input, reason))
        if node.mode == "bypass" or spec.through:
            through = passes_through(spec)
            for output in spec.outputs:
                given = inputs.get(through.get(output.name, ""))
                passing[Origin(name, output.name)] = given[0] if given else None
            if not spec.through:
                skipped[name] = "it is bypassed"
        else:
            tasks[name] = Task(name, node, spec, {port: tuple(origins) for port, origins in inputs.items()})
    if problems:
        raise WorkflowError(*sorted(problems))
    passed = {origin.node: source.node for origin, source in passing.items() if source is not None}
    ends = dict.fromkeys(passed.get(name, name) for name in about.targets)
    return Plan(tasks, tuple(name for name in ends if name in tasks), skipped)


def _ordered(incoming: dict[str, list[Link]], needed: set[str]) -> list[str]:
    """The needed nodes, each after all it comes from; the same workflow always in the same order."""
    waits = dict.fromkeys(sorted(needed), 0)
    followers: dict[str, list[str]] = {name: [] for name in waits}
    for name in waits:
        for link in incoming[name]:
            waits[name] += 1
            followers[link.source].append(name)
    ready = collections.deque(name for name, count in waits.items() if not count)
    order: list[str] = []
    while ready:
        name = ready.popleft()
        order.append(name)
        for follower in followers[name]:
            waits[follower] -= 1
            if not waits[follower]:
                ready.append(follower)
    return order
