"""What was imported from ComfyUI goes back as it came: with the nodes that nothing here is for, and its own ids.

Where values were changed since, those change in it too: what the change alters in the export of the workflow is altered
in what was kept. Where more was changed than values, or a change cannot be found in it, the workflow is written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.graph.subgraphs.flatten import flatten
from nodes.comfyui.export.awake import awake
from nodes.comfyui.export.exporter import ExportedGraph
from nodes.comfyui.kept_prompt import CameFrom, kept_in, prompt_of
from nodes.comfyui.translate import translate

MOST_CHANGED = 50
"""Nodes with other values than they came with; each costs another export."""

Export = Callable[[Workflow], ExportedGraph]
"""Writes a workflow anew."""


class ChangedValue(NamedTuple):
    """A value of a node of ComfyUI's that a change here alters: the node here, its class there, and both values."""

    node: str
    type: str
    input: str
    before: Any
    after: Any


def as_it_came(workflow: Workflow, catalogue: Catalogue, export: Export, now: ExportedGraph) -> ExportedGraph | None:
    """Return what a workflow was imported from, with the values that were changed since; None to write it anew."""
    kept = kept_in(workflow)
    if not kept:
        return None
    whole, made = flatten(workflow).workflow, _translated(kept, catalogue)
    if made is None or not made.nodes.keys() <= whole.nodes.keys():
        return None
    flat, old = awake(whole, catalogue), awake(made, catalogue)
    if not _alike(flat, old):
        return None
    changed = {name for name, node in flat.nodes.items() if _changed(node, old.nodes[name], catalogue)}
    if len(changed) > MOST_CHANGED or changed & now.left_out.keys():
        return None
    prompt = {id: _written(kept, id) for id in kept}
    for name in changed:
        node = replace(flat.nodes[name], params=old.nodes[name].params)
        changes = _changes(export(replace(flat, nodes=flat.nodes | {name: node})), now)
        if not changes or not all(_alter(prompt, kept, name, change) for change in changes):
            return None
    origins = {id: one.made[0] for id, one in kept.items() if one.made}
    return ExportedGraph(prompt, origins, {}, now.notes, {id: one.values for id, one in kept.items() if one.values})


def _translated(kept: CameFrom, catalogue: Catalogue) -> Workflow | None:
    """What becomes of it by this version, under the paths that the nodes got; None where other nodes are made."""
    found = translate(prompt_of(kept), catalogue)
    paths: dict[str, str] = {}
    for id, one in kept.items():
        made = found.made.get(id, [])
        if len(made) != len(one.made):
            return None
        paths.update(zip(made, one.made, strict=True))
    nodes = {paths.get(name, name): node for name, node in found.workflow.nodes.items()}
    links = (
        replace(link, source=paths.get(link.source, link.source), target=paths.get(link.target, link.target))
        for link in found.workflow.links.values()
    )
    return Workflow(nodes, {link.socket: link for link in links})


def _alike(now: Workflow, old: Workflow) -> bool:
    """Whether the same nodes stand there, wired alike; their values may differ."""
    return (
        now.nodes.keys() == old.nodes.keys()
        and _wires(now) == _wires(old)
        and all(node.type == old.nodes[name].type for name, node in now.nodes.items())
    )


def _wires(workflow: Workflow) -> set[Link]:
    return set(workflow.links.values())


def _changed(node: Node, old: Node, catalogue: Catalogue) -> bool:
    spec = catalogue.nodes.get(node.type)

    def value(params: Mapping[str, Any], name: str) -> Any:
        param = spec.param(name) if spec else None
        return params.get(name, param.default if param else None)

    return any(not _same(value(node.params, key), value(old.params, key)) for key in node.params | old.params)


def _changes(before: ExportedGraph, after: ExportedGraph) -> list[ChangedValue] | None:
    """The values that two exports differ in; None where they differ in more."""
    if before.prompt.keys() != after.prompt.keys() or before.left_out.keys() != after.left_out.keys():
        return None
    found: list[ChangedValue] = []
    for id, one in before.prompt.items():
        other = after.prompt[id]
        if one["class_type"] != other["class_type"] or one["inputs"].keys() != other["inputs"].keys():
            return None
        for key, value in one["inputs"].items():
            new = other["inputs"][key]
            if _same(value, new):
                continue
            if isinstance(value, list) or isinstance(new, list):
                return None
            found.append(ChangedValue(before.origins[id], one["class_type"], key, value, new))
    return found


def _alter(prompt: dict[str, Any], kept: CameFrom, name: str, change: ChangedValue) -> bool:
    """ChangedValue a value of a node here in what was kept: in the one node that it can be in. Whether there is one.

    That is one that a node here was made of, or else one before it, which gave it no more than values.
    """
    makers = {id for id, one in kept.items() if change.node in one.made or name in one.made}
    found = _holders(prompt, makers, change) or _holders(prompt, _before(kept, makers), change)
    if len(found) > 1:
        found = [id for id in found if _same(prompt[id]["inputs"][change.input], change.before)]
    if len(found) != 1:
        return False
    prompt[found[0]]["inputs"][change.input] = change.after
    return True


def _holders(prompt: Mapping[str, Any], ids: Iterable[str], change: ChangedValue) -> list[str]:
    """Those that can hold a value: of its class, with such an input that no wire leads to."""
    return [
        id
        for id in ids
        if prompt[id]["class_type"] == change.type
        and change.input in prompt[id]["inputs"]
        and not isinstance(prompt[id]["inputs"][change.input], list)
    ]


def _before(kept: CameFrom, ids: Iterable[str]) -> set[str]:
    """The nodes of ComfyUI's that stand before some."""
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        for source, _ in kept[waiting.pop()].wires.values():
            if source in kept and source not in found:
                found.add(source)
                waiting.append(source)
    return found


def _written(kept: CameFrom, id: str) -> dict[str, Any]:
    """A node in the flat form, as ComfyUI writes it."""
    one = kept[id]
    inputs: dict[str, Any] = {
        key: {"__value__": value} if isinstance(value, list) else value for key, value in one.inputs.items()
    }
    inputs |= {key: list(wire) for key, wire in one.wires.items()}
    return {"inputs": inputs, "class_type": one.type, "_meta": {"title": one.title or one.type}}


def _same(one: Any, other: Any) -> bool:
    """Whether two values mean the same: numbers by what they are, all else with its kind."""
    kinds = {type(one), type(other)}
    return (len(kinds) == 1 or kinds == {int, float}) and bool(one == other)
