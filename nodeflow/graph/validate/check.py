"""Checking: everything that is wrong with a workflow, at once, each with its node, port and reason."""

from __future__ import annotations

import difflib
import functools
import itertools
from collections.abc import Collection, Iterable, Iterator

from nodeflow.graph.model.catalogue import Catalogue, NodeSpec, fits
from nodeflow.graph.model.plain_values import shown
from nodeflow.graph.model.workflow import OUTPUTS, Link, Node, Problem, Workflow, WorkflowError, upstream
from nodeflow.graph.subgraphs.flatten import Flat, flatten, inside_of
from nodeflow.graph.subgraphs.instances import definition_of, with_subgraphs, with_terminals
from nodeflow.graph.subgraphs.reroutes import Reroutes, spec_of
from nodeflow.graph.validate.circles import Circles
from nodeflow.text_forms import FORMS, NAMING, SAVING

LONGEST_NAME, MAX_NAMES = 100, 5_000
"""Of a name that a near one is looked for, and among how many: the search is slow."""
MAX_PROBLEMS = 500
"""Problems that are told at once."""
FOREIGN = "comfyui"
"""The pack that placeholders for nodes of ComfyUI's name: there is none."""
MAX_SHOWN = 12
"""Nodes of a circle that are named."""


def check(workflow: Workflow, catalogue: Catalogue, only: set[str] | None = None) -> list[Problem]:
    """Every problem of the workflow, or of the nodes in ``only``. Sorted; empty means that it can run.

    Nodes inside subgraphs are known by their paths. ``only`` names nodes of the flattened workflow.
    """
    try:
        flat = flatten(workflow)
    except WorkflowError as error:
        return sorted(error.problems)
    names = set(flat.workflow.nodes) if only is None else only
    incoming = flat.workflow.incoming()
    problems = cycles(incoming, names & flat.workflow.nodes.keys())
    catalogue = with_subgraphs(catalogue, workflow)
    if not flat.unfolded:
        return sorted([*problems, *itertools.islice(_level(names, incoming, workflow, catalogue), MAX_PROBLEMS)])
    problems += (problem for name in names for problem in flat.starved.get(name, ()))
    for path, inner in _by_level(flat, names).items():
        name = flat.unfolded.get(path, "")
        body, known = inside_of(workflow, name), with_terminals(catalogue, workflow, name) if name else catalogue
        found = itertools.chain(
            _level(inner, body.incoming(), body, known), _given(body, known, path, only) if name else ()
        )
        for problem in itertools.islice(found, max(MAX_PROBLEMS - len(problems), 0)):
            problems.append(Problem(f"{path}/{problem.node}" if path else problem.node, problem.port, problem.reason))
    return sorted(problems)


def contradictions(workflow: Workflow, catalogue: Catalogue) -> list[Problem]:
    """What cannot be, whatever is added to a workflow: wires from nowhere and in circles, values of another kind. What
    a workflow only lacks, wires and nodes that are not installed, is none."""
    try:
        flatten(workflow)
    except WorkflowError as error:
        return sorted(error.problems)
    found: list[Problem] = []
    known = with_subgraphs(catalogue, workflow)
    for where, body in {"": workflow, **{name: one.body for name, one in workflow.subgraphs.items()}}.items():
        level = with_terminals(known, workflow, where) if where else known
        reroutes = Reroutes(body, level)
        problems = cycles(body.incoming(), set(body.nodes))
        for link in body.links.values():
            kind = body.nodes[link.target].type if link.target in body.nodes else link.target
            if (spec := level.nodes.get(kind)) is not None:
                problems += _link(link, spec, body, level, reroutes)
        for name, node in body.nodes.items():
            if (spec := level.nodes.get(node.type)) is not None:
                problems += _params(name, node, spec)
        found += [Problem(f"{where}/{one.node}" if where else one.node, one.port, one.reason) for one in problems]
    return sorted(found)


def _by_level(flat: Flat, names: set[str]) -> dict[str, set[str]]:
    """The nodes, and the instances in which they stand, by the path of what they stand in."""
    found: dict[str, set[str]] = {}
    for name in names:
        path, _, inner = name.rpartition("/")
        found.setdefault(path, set()).add(inner)
    whole = flat.unfolded if names >= flat.workflow.nodes.keys() else found
    for path in [path for path in whole if path]:
        found.setdefault(path, set())
        while path:
            path, _, inner = path.rpartition("/")
            found.setdefault(path, set()).add(inner)
    return found


def _level(names: set[str], incoming: dict[str, list[Link]], body: Workflow, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what is wrong with nodes that stand at one level."""
    reroutes = Reroutes(body, catalogue)
    for name in sorted(names):
        node = body.nodes.get(name)
        if node is None:
            yield Problem(name, "", "there is no such node in this workflow")
        elif node.mode != "mute":
            yield from _node(name, node, incoming.get(name, []), body, catalogue, reroutes)


def _given(body: Workflow, catalogue: Catalogue, path: str, only: set[str] | None) -> Iterator[Problem]:
    """Yield what is wrong with the outputs of the subgraph at a path, as far as these come from nodes in ``only``."""
    spec, reroutes = catalogue.nodes[OUTPUTS], Reroutes(body, catalogue)
    for link in body.links.values():
        if link.target == OUTPUTS and (only is None or f"{path}/{link.source}" in only):
            yield from _link(link, spec, body, catalogue, reroutes)


def closest(name: str, known: Iterable[str]) -> str:
    """A half sentence that offers the nearest known name, or lists the few there are."""
    return _closest(name, tuple(known))


@functools.lru_cache(maxsize=4096)
def _closest(name: str, known: tuple[str, ...]) -> str:
    if len(name) > LONGEST_NAME or len(known) > MAX_NAMES:
        return ""
    match = difflib.get_close_matches(name, known, 1)
    if match:
        return f"; did you mean {match[0]!r}?"
    return f"; there is {', '.join(sorted(known))}" if 0 < len(known) <= 12 else ""


def _node(
    name: str, node: Node, links: list[Link], workflow: Workflow, catalogue: Catalogue, reroutes: Reroutes
) -> Iterator[Problem]:
    spec = catalogue.nodes.get(node.type)
    if spec is None:
        pack = node.type.partition(".")[0]
        if subgraph := definition_of(node.type):
            yield Problem(name, "", f"is an instance of the subgraph {subgraph!r}, which this file does not hold")
            return
        if pack == FOREIGN:
            kind = node.type.partition(".")[2]
            yield Problem(name, "", f"keeps the place of ComfyUI's {kind}, which has no counterpart here; replace it")
            return
        hint = closest(node.type, catalogue.nodes) if pack in catalogue.packs else f"; install the pack {pack!r}"
        yield Problem(name, "", f"unknown node type {node.type!r}{hint}")
        return
    if node.version is not None and node.version > spec.version:
        yield Problem(
            name, "", f"was saved by version {node.version} of {node.type}, this is {spec.version}; update the pack"
        )
    used: dict[str, int] = {}
    for link in links:
        used[link.input] = used.get(link.input, 0) + 1
        yield from _link(link, spec, workflow, catalogue, reroutes)
    if node.mode == "run":
        yield from _params(name, node, spec)
        yield from _empty(name, node, spec, used)
        yield from _naming(name, node, spec, used, workflow)
        yield from _together(name, node, spec, used)
    for port in spec.inputs:
        if port.required and port.name not in used and node.mode == "run":
            yield Problem(name, port.name, f"needs a wire of type {port.type}")
        if not port.many and used.get(port.name, 0) > 1:
            yield Problem(name, port.name, "takes one wire only")


def _params(name: str, node: Node, spec: NodeSpec) -> Iterator[Problem]:
    for key, value in node.params.items():
        param = spec.param(key)
        if param is None:
            yield Problem(name, key, f"{spec.type} has no such parameter{closest(key, [p.name for p in spec.params])}")
        elif fault := param.fault(value):
            yield Problem(name, key, fault)


def _empty(name: str, node: Node, spec: NodeSpec, used: Collection[str]) -> Iterator[Problem]:
    """Yield the parameters that name nothing, and have to."""
    for param in spec.params:
        value = node.params.get(param.name, param.default)
        if param.needed and param.name not in used and isinstance(value, str) and not value.strip():
            yield Problem(name, param.name, f"names nothing; choose a {param.widget}")


def _naming(name: str, node: Node, spec: NodeSpec, used: Collection[str], workflow: Workflow) -> Iterator[Problem]:
    """Yield the texts that name what is not there: on the node's wires, or among the workflow's parameters."""
    for param in spec.params:
        value = node.params.get(param.name, param.default)
        if not param.form or param.name in used or not isinstance(value, str) or param.fault(value):
            continue
        known: Collection[str] | None = None
        if param.form in NAMING:
            known = {port.name for port in spec.inputs if port.name in used} | {"values"}
        elif param.form in SAVING:
            known = {f"{one}.{key}" for one, other in workflow.nodes.items() for key in other.params}
        if known is not None and (fault := FORMS[param.form].fault(value, known)):
            yield Problem(name, param.name, f"{shown(value)} {fault}")


def _together(name: str, node: Node, spec: NodeSpec, used: Collection[str]) -> Iterator[Problem]:
    """Yield what is wrong with several parameters together."""
    if not spec.rules:
        return
    values = {one.name: node.params.get(one.name, one.default) for one in spec.params if one.name not in used}
    for rule in spec.broken(values):
        yield Problem(name, rule.place, rule.fault(values))


def _link(
    link: Link, spec: NodeSpec, workflow: Workflow, catalogue: Catalogue, reroutes: Reroutes
) -> Iterator[Problem]:
    wanted = spec.accepts(link.input)
    if wanted is None:
        known = [*(port.name for port in spec.inputs), *(param.name for param in spec.params)]
        yield Problem(link.target, link.input, f"{spec.type} has no such input{closest(link.input, known)}")
    source = workflow.nodes.get(link.source)
    if source is None:
        yield Problem(link.target, link.input, f"comes from {link.source!r}, which is not in this workflow")
        return
    giver = catalogue.nodes.get(source.type)
    if giver is None:
        return
    output = giver.output(link.output)
    if output is None:
        known = [port.name for port in giver.outputs]
        reason = f"{link.source!r} has no output {link.output!r}{closest(link.output, known)}"
        yield Problem(link.target, link.input, reason)
        return
    given = reroutes.carried(link.source, link.output)
    if given is not None and wanted is not None and not fits(given, wanted):
        yield Problem(link.target, link.input, f"takes {wanted}, but {link.source}.{link.output} gives {given}")


def refusal(workflow: Workflow, catalogue: Catalogue, link: Link) -> str:
    """Why a wire cannot be laid, in one sentence; empty where it can."""
    spec, reroutes = catalogue.nodes.get(workflow.nodes[link.target].type), Reroutes(workflow, catalogue)
    if spec is not None:
        for problem in _link(link, spec, workflow, catalogue, reroutes):
            return problem.reason
    given = reroutes.carried(link.source, link.output)
    for end in reroutes.receivers(link.target):
        taker = spec_of(workflow, catalogue, end.target)
        wanted = taker.accepts(end.input) if taker is not None else None
        if given is not None and wanted is not None and not fits(given, wanted):
            return f"leads on to {end.target}.{end.input}, which takes {wanted}, but this gives {given}"
    incoming = workflow.incoming()
    if link.target in upstream(incoming, [link.source]):
        return f"{link.source!r} is made from {link.target!r}: the wire would close a circle"
    return ""


def cycles(incoming: dict[str, list[Link]], names: set[str]) -> list[Problem]:
    """One problem for each circle of wires, naming the nodes on it in the order in which values would flow. Linear."""
    return [_circle(found) for found in Circles(incoming, names).found()]


def _circle(found: list[str]) -> Problem:
    first = found.index(min(found))
    ring = [*found[first:], *found[: first + 1]]
    if len(ring) > MAX_SHOWN:
        ring[MAX_SHOWN // 2 : -MAX_SHOWN // 2] = [f"({len(ring) - MAX_SHOWN:,} more)"]
    return Problem(found[first], "", "is part of a circle of wires: " + " -> ".join(ring))
