"""Taking nodes from another workflow: the definitions that they are instances of come with them."""

from __future__ import annotations

from nodeflow.graph.edits.edits import Edit
from nodeflow.graph.edits.grouping_edits import free_name
from nodeflow.graph.edits.subgraph_edits import Define, SetType, at, instances
from nodeflow.graph.model.workflow import Subgraph, Workflow
from nodeflow.graph.subgraphs.instances import ordered, type_of


def adopt(root: Workflow, part: Workflow) -> list[Edit]:
    """The edits that bring the definitions of a part into a workflow, before its nodes.

    One that the workflow has already is not doubled; a different one of the same name gets another name, in the part
    too, which is changed for that.
    """
    edits: list[Edit] = []
    taken = Workflow(subgraphs=dict(root.subgraphs))
    for name in ordered(part.subgraphs):
        there = root.subgraphs.get(name)
        if there is not None and same(there, part.subgraphs[name]):
            continue
        new = free_name(taken, name)
        if new != name:
            _rename(part, name, new)
        taken.subgraphs[new] = part.subgraphs[new]
        edits.append(Define(new, part.subgraphs[new]))
    return edits


def same(one: Subgraph, other: Subgraph) -> bool:
    """Return whether two definitions mean the same; how they are laid out does not matter."""
    return (one.interface, one.body.nodes, one.body.links) == (other.interface, other.body.nodes, other.body.links)


def _rename(part: Workflow, name: str, new: str) -> None:
    part.subgraphs[new] = part.subgraphs.pop(name)
    for where, _, node in list(instances(part, name)):
        at(where, SetType(node, type_of(new))).apply(part)
