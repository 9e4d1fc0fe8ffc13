"""The plan of a run: which nodes have to be evaluated for the targets, in which order, and from what."""

from __future__ import annotations

from collections.abc import Container, Set
from typing import NamedTuple

import msgspec

from nodeflow.graph.model.catalogue import PLAIN_TYPES, Catalogue, NodeSpec, passes_through
from nodeflow.graph.model.workflow import Node, Problem, Workflow, WorkflowError, ordered
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.graph.validate.run_scope import obstacles, scope
from nodeflow.graph.validate.sweeps import Sweep, faults, places


class Origin(NamedTuple):
    """Hold where a value comes from: an output of a node, or one item of the list that it gives there."""

    node: str
    output: str
    item: int | None = None


class Task(msgspec.Struct, frozen=True):
    """One node to evaluate. ``inputs`` names, for each wired input or parameter, the origins in slot order.

    ``spare``: tasks whose results it gathers and can do without; ``missing``: how many of those did not come;
    ``level``: the inputs whose items go together one by one, so that what one of them lacks goes from all.
    """

    id: str
    node: Node
    spec: NodeSpec
    inputs: dict[str, tuple[Origin, ...]]
    spare: frozenset[str] = frozenset()
    missing: int = 0
    level: tuple[tuple[str, ...], ...] = ()

    def eager(self) -> list[str]:
        """The nodes whose results it needs before it can start."""
        lazy = [port.name for port in self.spec.inputs if port.lazy]
        return [origin.node for name, origins in self.inputs.items() if name not in lazy for origin in origins]


class Plan(msgspec.Struct, frozen=True):
    """Tasks in topological order, the targets among them, and the nodes that stay out, each with the reason.

    Lists and ``sweeps`` are not unfolded yet: how long a list is is known when its node has run.
    """

    tasks: dict[str, Task]
    targets: tuple[str, ...]
    skipped: dict[str, str]
    sweeps: tuple[Sweep, ...] = ()
    swept: dict[str, dict[str, str]] = {}
    """By task and parameter: the axis of the sweep that gives the values."""

    def behind(self, task: Task) -> list[Task]:
        """A task, and all that it may be made from."""
        found, todo = {task.id: task}, [task]
        while todo:
            origins = (origin.node for origins in todo.pop().inputs.values() for origin in origins)
            new = {name: self.tasks[name] for name in origins if name not in found and name in self.tasks}
            found |= new
            todo += new.values()
        return list(found.values())


def plan(
    workflow: Workflow, catalogue: Catalogue, targets: tuple[str, ...] = (), sweeps: tuple[Sweep, ...] = ()
) -> Plan:
    """Plan the evaluation of the targets, by default of every known node that nothing else uses.

    Subgraphs are unfolded: the tasks of their nodes have paths for ids (``group/inner``).
    Only what the targets need is checked. Raises WorkflowError with every problem found there. Linear.
    """
    about = scope(workflow, catalogue, targets)
    problems = obstacles(workflow, catalogue, about) + faults(sweeps, workflow, catalogue)
    if problems:
        raise WorkflowError(*problems)
    catalogue, whole, workflow = with_subgraphs(catalogue, workflow), workflow, about.workflow
    incoming, skipped = workflow.incoming(), about.skipped
    tasks: dict[str, Task] = {}
    passing: dict[Origin, Origin | None] = {}
    for name in ordered(incoming, about.needed):
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
    swept: dict[str, dict[str, str]] = {}
    for sweep in sweeps:
        reached = [place for place in places(sweep, whole) if place[0] in tasks]
        for name, param in reached:
            swept.setdefault(name, {})[param] = sweep.axis
        if not reached:
            problems.append(Problem(sweep.node, sweep.param, "is swept, but what it sets does not run"))
    if problems:
        raise WorkflowError(*sorted(problems))
    passed = {origin.node: source.node for origin, source in passing.items() if source is not None}
    ends = dict.fromkeys(passed.get(name, name) for name in about.targets)
    return Plan(tasks, tuple(name for name in ends if name in tasks), skipped, sweeps, swept)


def plain_feeders(tasks: dict[str, Task]) -> set[str]:
    """Nodes whose small plain values others use: they come first, since equal values are equal keys."""
    return {
        origin.node
        for task in tasks.values()
        for name in {*task.inputs} - {port.name for port in task.spec.inputs if port.lazy}
        for origin in task.inputs[name]
        if is_plain(tasks, origin)
    }


def is_plain(tasks: dict[str, Task], origin: Origin) -> bool:
    """Return whether an output gives small plain values."""
    port = tasks[origin.node].spec.output(origin.output)
    return port is not None and port.type in PLAIN_TYPES


def untouched(tasks: dict[str, Task], reached: Set[str], asked: Container[str]) -> tuple[tuple[str, ...], list[str]]:
    """The tasks that a run did not come to: those that were not needed, and those of branches that were not chosen.

    ``asked``: the tasks that chose among their lazy inputs.
    """
    if tasks.keys() <= reached:
        return (), []
    users: dict[str, set[str]] = {}
    for task in tasks.values():
        for origins in task.inputs.values():
            for origin in origins:
                users.setdefault(origin.node, set()).add(task.id)
    kept: list[str] = []
    unchosen: dict[str, None] = {}
    for name in reversed(tasks):
        if name in reached:
            continue
        if any(user in asked or user in unchosen for user in users.get(name, ())):
            unchosen[name] = None
        else:
            kept.append(name)
    return tuple(reversed(kept)), list(unchosen)
