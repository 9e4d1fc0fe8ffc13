"""Edits of subgraphs: a definition comes, goes or changes its face; an edit happens inside one."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from nodeflow.graph.edits.edits import AddNode, Edit, EditBatch, SetForm, steps
from nodeflow.graph.model.workflow import NODE_ID, Interface, Problem, Subgraph, Workflow, WorkflowError
from nodeflow.graph.subgraphs.instances import definition_of, ordered


class Define(msgspec.Struct, frozen=True):
    """Put a definition into the workflow, in place of one of the same name; None takes it out."""

    name: str
    subgraph: Subgraph | None

    def apply(self, workflow: Workflow) -> Edit:
        if not NODE_ID.fullmatch(self.name):
            reason = "a subgraph's name starts with a letter, then letters, digits, _ or -"
            raise WorkflowError(Problem("", f"subgraphs.{self.name}", reason))
        before = workflow.subgraphs.pop(self.name, None)
        if self.subgraph is not None:
            workflow.subgraphs[self.name] = self.subgraph.copy()
        inverse = Define(self.name, before)
        _keep_acyclic(workflow, inverse)
        return inverse


class Declare(msgspec.Struct, frozen=True):
    """Give a definition another interface. Wires and values at ports that go are taken off before."""

    name: str
    interface: Interface

    def apply(self, workflow: Workflow) -> Edit:
        before = _definition(workflow, self.name)
        if faults := self.interface.faults():
            raise WorkflowError(*(Problem("", f"subgraphs.{self.name}", f"{p.port!r}: {p.reason}") for p in faults))
        workflow.subgraphs[self.name] = msgspec.structs.replace(before, interface=self.interface)
        return Declare(self.name, before.interface)


class Inside(msgspec.Struct, frozen=True):
    """An edit of the nodes and wires inside a definition; :func:`at` makes it."""

    name: str
    edit: Edit

    def apply(self, workflow: Workflow) -> Edit:
        inverse = Inside(self.name, self.edit.apply(_definition(workflow, self.name).body))
        if isinstance(self.edit, AddNode | SetType):
            _keep_acyclic(workflow, inverse)
        return inverse


class SetType(msgspec.Struct, frozen=True):
    """Make a node an instance of another definition."""

    id: str
    type: str

    def apply(self, workflow: Workflow) -> Edit:
        node = workflow.nodes.get(self.id)
        if node is None:
            raise WorkflowError(Problem(self.id, "", "there is no such node in this workflow"))
        workflow.nodes[self.id] = msgspec.structs.replace(node, type=self.type)
        return SetType(self.id, node.type)


class Same(msgspec.Struct, frozen=True):
    """A mark that changes nothing: the edits between two of these leave the results of all nodes as they are."""

    def apply(self, workflow: Workflow) -> Edit:
        return self


def at(where: str, edit: Edit) -> Edit:
    """The edit of the root that makes an edit inside a definition (the root itself for the empty name).

    Parts of it that concern definitions or the form stay as they are, so that one edit may carry both.
    """
    if not where:
        return edit
    of_root = Define | Declare | Inside | Same | SetForm
    made = tuple(part if isinstance(part, of_root) else Inside(where, part) for part in steps(edit))
    return made[0] if len(made) == 1 and not isinstance(edit, EditBatch) else EditBatch(made)


def levels(workflow: Workflow) -> Iterator[tuple[str, Workflow]]:
    """The root under the empty name, and the inside of each definition under its name."""
    yield "", workflow
    for name, subgraph in workflow.subgraphs.items():
        yield name, subgraph.body


def instances(workflow: Workflow, name: str) -> Iterator[tuple[str, Workflow, str]]:
    """Yield where a definition is used: the level's name, the level, and the node."""
    for where, body in levels(workflow):
        for node_id, node in body.nodes.items():
            if definition_of(node.type) == name:
                yield where, body, node_id


def _definition(workflow: Workflow, name: str) -> Subgraph:
    if name not in workflow.subgraphs:
        raise WorkflowError(Problem("", f"subgraphs.{name}", "there is no such subgraph in this workflow"))
    return workflow.subgraphs[name]


def _keep_acyclic(workflow: Workflow, inverse: Edit) -> None:
    """Take an edit back by which a definition would contain itself, and say so."""
    try:
        ordered(workflow.subgraphs)
    except WorkflowError:
        inverse.apply(workflow)
        raise
