"""Scope of a run: its targets, what they need, and what stays out. Only this is checked and evaluated."""

from __future__ import annotations

from typing import NamedTuple

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Link, Problem, Workflow, upstream
from nodeflow.graph.subgraphs.flatten import flatten
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.graph.subgraphs.reroutes import goes_through
from nodeflow.graph.validate.check import check, closest


class RunScope(NamedTuple):
    """The targets of a run, all nodes they need (themselves among them), and those that stay out, with the reason.

    ``workflow`` is the flattened one, in which nodes inside subgraphs have paths for ids.
    """

    workflow: Workflow
    targets: tuple[str, ...]
    needed: set[str]
    skipped: dict[str, str]


def scope(workflow: Workflow, catalogue: Catalogue, targets: tuple[str, ...] = ()) -> RunScope:
    """The scope of a run to the targets, by default to every known node that nothing else uses. Linear.

    A target may be an instance of a subgraph, or the path of a node inside. Raises WorkflowError where the subgraphs
    cannot be unfolded.
    """
    flat = flatten(workflow)
    catalogue, workflow = with_subgraphs(catalogue, workflow), flat.workflow
    targets = flat.ends(targets)
    incoming = workflow.incoming()
    circling: set[str] = set()
    if not targets:
        used = {link.source for link in workflow.links.values()}
        ends = [name for name in workflow.nodes if name not in used]
        loose = {name for name in ends if not incoming[name] and goes_through(workflow, catalogue, name)}
        ends = [name for name in ends if name not in loose]
        circling = workflow.nodes.keys() - upstream(incoming, ends) - loose
        targets = tuple(name for name in ends if workflow.nodes[name].type in catalogue.nodes) or tuple(ends)
    needed = upstream(incoming, list(targets)) | circling
    return RunScope(workflow, targets, needed, _muted(workflow, incoming, needed))


def obstacles(workflow: Workflow, catalogue: Catalogue, about: RunScope) -> list[Problem]:
    """Everything that keeps a run from starting. Problems of nodes that it does not need are not among them."""
    unknown = [name for name in about.targets if name not in about.workflow.nodes]
    if unknown:
        hints = {name: closest(name, about.workflow.nodes) for name in unknown}
        return [Problem(name, "", f"there is no such node to run to{hint}") for name, hint in hints.items()]
    return check(workflow, catalogue, about.needed - about.skipped.keys())


def _muted(workflow: Workflow, incoming: dict[str, list[Link]], needed: set[str]) -> dict[str, str]:
    """The muted nodes among the needed ones and all that depends on them, each with the reason."""
    skipped = {name: "it is muted" for name in needed if name in workflow.nodes and workflow.nodes[name].mode == "mute"}
    followers: dict[str, list[str]] = {}
    for name in needed:
        for link in incoming.get(name, ()):
            followers.setdefault(link.source, []).append(name)
    todo = list(skipped)
    while todo:
        cause = todo.pop()
        for name in followers.get(cause, ()):
            if name not in skipped:
                skipped[name] = f"it needs {cause!r}, which does not run"
                todo.append(name)
    return skipped
