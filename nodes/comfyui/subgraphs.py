"""Subgraphs stay subgraphs: what was made for the inside of one is grouped again, the innermost first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from nodeflow.graph.edits.grouping_edits import group
from nodeflow.graph.io.comfyui.model import ComfyNode, ComfyWorkflow, Graph
from nodeflow.graph.model.workflow import Workflow, WorkflowError, downstream, upstream
from nodeflow.graph.subgraphs.instances import definition_of
from nodes.comfyui.placeholders import storable

MOST = 200
"""Subgraphs that are grouped again; more is a file that multiplies, and stays flat."""


class ImportScope(NamedTuple):
    """A graph of the file beside the one here: its nodes here by ComfyUI's ids, with what these ids begin with."""

    body: Workflow
    graph: Graph
    made: dict[str, list[str]]
    path: str


def grouped(workflow: Workflow, made: Mapping[str, list[str]], source: ComfyWorkflow) -> list[ImportScope]:
    """Group what was made for the inside of subgraphs. Returns the scopes, the root first.

    A subgraph that others would have to stand both before and behind stays flat, as part of what is around it.
    """
    found = {path: one for path in _paths(made) if (one := _instance(source, path)) is not None}
    instances: dict[str, str] = {}
    for path in sorted(found, key=lambda path: path.count(":"), reverse=True) if len(found) <= MOST else ():
        inside = _inside(made, instances, path)
        title = found[path].title or source.definitions[found[path].type].name
        name = _group(workflow, inside, storable(title)[:80])
        if name:
            instances[path] = name
    return _scopes(workflow, made, source, found, instances)


def _paths(made: Mapping[str, list[str]]) -> list[str]:
    """What the ids of the nodes inside of subgraphs begin with: ``12:`` and ``12:5:``."""
    found: dict[str, None] = {}
    for id in made:
        parts = id.split(":")
        found.update((":".join(parts[:depth]) + ":", None) for depth in range(1, len(parts)))
    return list(found)


def _instance(source: ComfyWorkflow, path: str) -> ComfyNode | None:
    """The node that a path leads to, where it is an instance of a subgraph."""
    graph, node = source.graph, None
    for id in path[:-1].split(":"):
        node = graph.nodes.get(id)
        if node is None or node.type not in source.definitions:
            return None
        graph = source.definitions[node.type].graph
    return node


def _inside(made: Mapping[str, list[str]], instances: Mapping[str, str], path: str) -> list[str]:
    """The nodes here that stand in a subgraph, those of a subgraph inside it as one."""
    inner = [other for other in instances if other.startswith(path)]
    direct = [
        name
        for id, names in made.items()
        if id.startswith(path) and not any(id.startswith(other) for other in inner)
        for name in names
    ]
    outermost = [other for other in inner if not any(other != one and other.startswith(one) for one in inner)]
    return [*direct, *(instances[other] for other in outermost)]


def _group(workflow: Workflow, ids: list[str], title: str) -> str:
    """Group nodes of the root; the id of the instance, empty where they cannot be one node."""
    chosen = [id for id in ids if id in workflow.nodes]
    if not chosen:
        return ""
    before, behind = upstream(workflow.incoming(), chosen), downstream(workflow.outgoing(), chosen)
    if (before & behind) - set(chosen):
        return ""
    try:
        edit, name = group(workflow, "", chosen, title)
        edit.apply(workflow)
    except WorkflowError:
        return ""
    return name


def _scopes(
    workflow: Workflow,
    made: Mapping[str, list[str]],
    source: ComfyWorkflow,
    found: Mapping[str, ComfyNode],
    instances: Mapping[str, str],
) -> list[ImportScope]:
    """Each grouped subgraph with what stands right in it; what stayed flat belongs to what is around it."""
    scopes = {"": ImportScope(workflow, source.graph, {}, "")}
    for path in sorted(instances, key=lambda path: path.count(":")):
        outer = scopes[_around(path, scopes)]
        outer.made[path[:-1]] = [instances[path]]
        body = workflow.subgraphs[definition_of(outer.body.nodes[instances[path]].type)].body
        scopes[path] = ImportScope(body, source.definitions[found[path].type].graph, {}, path)
    for id, names in made.items():
        scopes[_around(id, scopes)].made[id] = list(names)
    return list(scopes.values())


def _around(id: str, scopes: Mapping[str, ImportScope]) -> str:
    """The innermost scope that an id stands in."""
    parts = id.rstrip(":").split(":")
    paths = (":".join(parts[:depth]) + ":" for depth in range(len(parts) - 1, 0, -1))
    return next((path for path in paths if path in scopes), "")


def paths(scopes: list[ImportScope]) -> dict[str, str]:
    """Where each node stands now: the ids of the instances around it and its own, with slashes between."""
    known = {scope.path: scope for scope in scopes}
    begins = {"": ""}
    for scope in sorted(scopes, key=lambda one: one.path.count(":")):
        if scope.path:
            around = _around(scope.path, known)
            (instance,) = known[around].made[scope.path[:-1]]
            begins[scope.path] = f"{begins[around]}{instance}/"
    return {id: begins[scope.path] + id for scope in scopes for ids in scope.made.values() for id in ids}
