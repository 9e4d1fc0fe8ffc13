"""Edits of the root for subgraphs: group, ungroup, make unique, rename."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from nodeflow.graph.edits.edits import (
    AddNode,
    Connect,
    Disconnect,
    Edit,
    EditBatch,
    MoveNode,
    RemoveNode,
    free_id,
    remove,
)
from nodeflow.graph.edits.form_edits import grouped, ungrouped
from nodeflow.graph.edits.subgraph_edits import Declare, Define, Same, SetType, at, instances
from nodeflow.graph.edits.subgraph_ports import free
from nodeflow.graph.model.workflow import (
    INPUTS,
    NODE_ID,
    OUTPUTS,
    TERMINALS,
    Interface,
    Link,
    Node,
    Placement,
    Problem,
    Subgraph,
    Workflow,
    WorkflowError,
)
from nodeflow.graph.subgraphs.flatten import flatten, inside_of
from nodeflow.graph.subgraphs.instances import definition_of, needed_by, type_of

_BESIDE = 330.0
"""How far from the nodes the terminals of a new subgraph stand."""


def group(root: Workflow, where: str, ids: Iterable[str], title: str = "") -> tuple[Edit, str]:
    """Make a subgraph of nodes that stand in ``where`` (a definition, or the root), and put an instance in their place.

    Each wire that crosses its border becomes a port, one for each output that wires come from. The edit, and the id of
    the instance.
    """
    body = inside_of(root, where)
    chosen = {name for name in ids if name in body.nodes} - set(TERMINALS)
    if not chosen:
        raise WorkflowError(Problem("", "", "there is nothing to group; select some nodes"))
    name = free_name(root, _identifier(title) or "group")
    links = sorted(body.links.values())
    entering = [link for link in links if link.target in chosen and link.source not in chosen]
    leaving = [link for link in links if link.source in chosen and link.target not in chosen]
    inputs = _names([((link.source, link.output), link.input, link.target) for link in entering])
    outputs = _names([((link.source, link.output), link.output, link.source) for link in leaving])

    inner = Workflow()
    inner.nodes = {terminal: Node(terminal) for terminal in TERMINALS} | {node: body.nodes[node] for node in chosen}
    kept = [link for link in links if link.source in chosen and link.target in chosen]
    kept += [msgspec.structs.replace(link, source=INPUTS, output=inputs[link.source, link.output]) for link in entering]
    kept += [Link(*given, OUTPUTS, port) for given, port in outputs.items()]
    inner.links = {link.socket: link for link in kept}
    inner.layout = {node: place for node, place in body.layout.items() if node in chosen}
    places = list(inner.layout.values()) or [Placement(0, 0)]
    x, y = _middle(places)
    inner.layout[INPUTS] = Placement(min(place.x for place in places) - _BESIDE, y)
    inner.layout[OUTPUTS] = Placement(max(place.x for place in places) + _BESIDE, y)
    face = Interface(tuple(inputs.values()), tuple(outputs.values()), title)

    instance = free_id(body, name)
    wires = {Link(source, output, instance, port) for (source, output), port in inputs.items()}
    wires |= {
        msgspec.structs.replace(link, source=instance, output=outputs[link.source, link.output]) for link in leaving
    }
    local: list[Edit] = [*remove(body, chosen).edits, Define(name, Subgraph(face, inner))]
    local += [AddNode(instance, Node(type_of(name))), MoveNode(instance, Placement(x, y))]
    local += [Connect(wire) for wire in sorted(wires)]
    local += grouped(root, where, chosen, instance)
    return at(where, EditBatch((Same(), *local, Same()))), instance


def ungroup(root: Workflow, where: str, instance: str) -> tuple[Edit, dict[str, str]]:
    """Put the nodes of an instance in its place. The edit, and their ids by those they had inside.

    A definition goes with its last instance.
    """
    body = inside_of(root, where)
    node = body.nodes[instance]
    name = definition_of(node.type)
    if name not in root.subgraphs:
        raise WorkflowError(Problem(instance, "", "is no subgraph, so that there is nothing to ungroup"))
    definition = root.subgraphs[name]
    alone = "alone"  # only this instance is unfolded: it gets a type of its own
    nodes = body.nodes | {instance: msgspec.structs.replace(node, type=type_of(alone), mode="run")}
    flat = flatten(Workflow(nodes=nodes, links=body.links, subgraphs={alone: definition})).workflow

    taken = Workflow(nodes={other: kept for other, kept in body.nodes.items() if other != instance})
    ids: dict[str, str] = {}
    for path, inner in flat.nodes.items():
        if path.startswith(instance + "/"):
            ids[path] = free_id(taken, path.rpartition("/")[2])
            mode = inner.mode if node.mode == "run" else node.mode
            taken.nodes[ids[path]] = msgspec.structs.replace(inner, mode=mode)
    links = {
        msgspec.structs.replace(
            link, source=ids.get(link.source, link.source), target=ids.get(link.target, link.target)
        )
        for link in flat.links.values()
    }
    before = set(body.links.values())
    local: list[Edit] = [Disconnect(link.socket) for link in sorted(before - links)]
    local += [MoveNode(instance, None)] if instance in body.layout else []
    local.append(RemoveNode(instance))
    local += [AddNode(new, taken.nodes[new]) for new in ids.values()]
    names = {path.rpartition("/")[2]: new for path, new in ids.items()}
    local += _spread(definition.body, body.layout.get(instance), names)
    local += [Connect(link) for link in sorted(links - before)]
    local += ungrouped(root, where, instance, names)
    if sum(1 for _ in instances(root, name)) == 1:
        local.append(Define(name, None))
    return at(where, EditBatch((Same(), *local, Same()))), names


def _spread(inner: Workflow, place: Placement | None, ids: dict[str, str]) -> list[Edit]:
    """Return where the nodes of an instance come to stand: as inside, around the place of the instance."""
    places = {old: inner.layout[old] for old in ids if old in inner.layout}
    if not places:
        return []
    x, y = _middle(list(places.values()))
    dx, dy = (place.x - x, place.y - y) if place is not None else (0.0, 0.0)
    return [MoveNode(ids[old], msgspec.structs.replace(p, x=p.x + dx, y=p.y + dy)) for old, p in places.items()]


def _middle(places: Sequence[Placement]) -> tuple[float, float]:
    xs, ys = [place.x for place in places], [place.y for place in places]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _names(wires: Iterable[tuple[tuple[str, str], str, str]]) -> dict[tuple[str, str], str]:
    """A name for each output that wires come from: that of the port, with its node's where it would come twice."""
    wanted: dict[tuple[str, str], tuple[str, str]] = {}
    for given, port, node in wires:
        named = port if NODE_ID.fullmatch(port) else _identifier(port) or "port"
        wanted.setdefault(given, (named, node))
    ports = [port for port, _ in wanted.values()]
    found: dict[tuple[str, str], str] = {}
    for given, (port, node) in wanted.items():
        found[given] = free(port if ports.count(port) == 1 else f"{node}_{port}", tuple(found.values()))
    return found


def free_name(root: Workflow, wanted: str) -> str:
    """A name for a definition that is not taken."""
    return free(wanted, tuple(root.subgraphs))


def _identifier(title: str) -> str:
    """A title as a name: ``Up scale!`` becomes ``up_scale``."""
    name = "_".join("".join(c if c.isalnum() else " " for c in title.casefold()).split())
    return name if name[:1].isalpha() else ""


# --- definitions


def make_unique(root: Workflow, where: str, instance: str) -> Edit:
    """Give an instance a definition of its own, so that editing it leaves the other instances as they are."""
    name = definition_of(inside_of(root, where).nodes[instance].type)
    copy = free_name(root, name)
    return EditBatch((Define(copy, root.subgraphs[name].copy()), at(where, SetType(instance, type_of(copy)))))


def unused(root: Workflow) -> list[str]:
    """The definitions of which the workflow has no instance, at any depth."""
    return sorted(root.subgraphs.keys() - needed_by(root.nodes.values(), root.subgraphs).keys())


def rename_definition(root: Workflow, name: str, title: str) -> Edit:
    """Give a definition another title, and the name that goes with it; its instances follow."""
    definition = root.subgraphs[name]
    face = msgspec.structs.replace(definition.interface, title=title)
    wanted = _identifier(title) or name
    if wanted == name:
        return Declare(name, face)
    new = free_name(root, wanted)
    follow = (at(where, SetType(node, type_of(new))) for where, _, node in instances(root, name))
    made = msgspec.structs.replace(definition.copy(), interface=face)
    return EditBatch((Define(new, made), *follow, Define(name, None)))
