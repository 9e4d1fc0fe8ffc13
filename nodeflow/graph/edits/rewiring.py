"""Putting nodes into wires and pulling them out again, typed. Each gives the edits; none changes anything itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nodeflow.graph.edits.edits import AddNode, Connect, Disconnect, Edit, EditBatch, MoveNode, free_id
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec, gives, passes_through, takes
from nodeflow.graph.model.workflow import Link, Node, Placement, Socket, Workflow
from nodeflow.graph.subgraphs.reroutes import carried, spec_of
from nodeflow.graph.validate.check import refusal


def doors(workflow: Workflow, catalogue: Catalogue, link: Link, spec: NodeSpec) -> Iterator[tuple[str, str]]:
    """The pairs of input and output by which a kind of node can stand in a wire, best first."""
    given = carried(workflow, catalogue, link.source, link.output)
    target = spec_of(workflow, catalogue, link.target)
    wanted = target.accepts(link.input) if target is not None else None
    if given is None or wanted is None:
        return
    for entrance in takes(spec, given):
        for exit_ in gives(spec, wanted if not spec.through else given):
            yield entrance, exit_


def insertion(workflow: Workflow, catalogue: Catalogue, name: str, link: Link) -> EditBatch | None:
    """The edit that puts a node of the workflow into a wire; None where it does not fit or is wired there already."""
    spec = spec_of(workflow, catalogue, name)
    if spec is None or name in (link.source, link.target):
        return None
    around = [other for other in workflow.links.values() if name in (other.source, other.target)]
    used = {other.output for other in around if other.source == name}
    for entrance, exit_ in doors(workflow, catalogue, link, spec):
        before = Link(link.source, link.output, name, entrance)
        after = Link(name, exit_, link.target, link.input, link.slot)
        if before.socket in workflow.links or exit_ in used:
            continue
        # one that has no wires yet can close no circle, which is what takes time to find out
        if not around or not (refusal(workflow, catalogue, before) or refusal(workflow, catalogue, after)):
            return EditBatch((Disconnect(link.socket), Connect(before), Connect(after)))
    return None


def addition(
    workflow: Workflow, catalogue: Catalogue, node_type: str, link: Link, place: Placement
) -> tuple[str, EditBatch] | None:
    """The id of a new node and the edit that adds it in a wire; None where it does not fit."""
    spec = catalogue.nodes[node_type]
    way = next(doors(workflow, catalogue, link, spec), None)
    if way is None:
        return None
    name = free_id(workflow, node_type.rpartition(".")[2])
    edits = (
        AddNode(name, Node(node_type, spec.version)),
        MoveNode(name, place),
        Disconnect(link.socket),
        Connect(Link(link.source, link.output, name, way[0])),
        Connect(Link(name, way[1], link.target, link.input, link.slot)),
    )
    return name, EditBatch(edits)


def pull_out(workflow: Workflow, catalogue: Catalogue, names: Iterable[str]) -> EditBatch:
    """The edit that takes nodes out of the wires around them: what flowed in flows on, where a like type flowed out.

    Wires among the nodes stay. Empty where no wire leads to or from them.
    """
    chosen = set(names)
    cut: list[Edit] = []
    laid: list[Edit] = []
    for socket, link in workflow.links.items():
        if (link.source in chosen) == (link.target in chosen):
            continue
        cut.append(Disconnect(socket))
        if link.source in chosen and (before := _before(workflow, catalogue, link, chosen)) is not None:
            laid.append(Connect(Link(before.source, before.output, link.target, link.input, link.slot)))
    return EditBatch((*cut, *laid))


def _before(workflow: Workflow, catalogue: Catalogue, link: Link, chosen: set[str]) -> Link | None:
    """The first link upstream that comes from outside the chosen nodes and carries what their like-typed inputs do."""
    seen: set[str] = set()
    while link.source in chosen and link.source not in seen:
        seen.add(link.source)
        spec = spec_of(workflow, catalogue, link.source)
        entrance = passes_through(spec).get(link.output) if spec is not None else None
        before = workflow.links.get(Socket(link.source, entrance)) if entrance is not None else None
        if before is None:
            return None
        link = before
    return link if link.source not in chosen else None
