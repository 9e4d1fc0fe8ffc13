"""Edits: the only way a workflow changes. Each applies itself and returns the edit that takes it back."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any, Protocol

import msgspec

from nodeflow.graph.model.annotation import Annotation
from nodeflow.graph.model.form import Form
from nodeflow.graph.model.workflow import (
    NODE_ID,
    TERMINALS,
    Link,
    Mode,
    Node,
    Placement,
    Problem,
    Socket,
    Workflow,
    WorkflowError,
)


class Edit(Protocol):
    """A small reversible change of a workflow."""

    def apply(self, workflow: Workflow) -> Edit:
        """Change the workflow and return the inverse. Raises WorkflowError, and changes nothing, where it cannot."""
        ...


def _node(workflow: Workflow, name: str) -> Node:
    if name not in workflow.nodes:
        raise WorkflowError(Problem(name, "", "there is no such node in this workflow"))
    return workflow.nodes[name]


class AddNode(msgspec.Struct, frozen=True):
    """Put a node into the workflow under an id that is not taken."""

    id: str
    node: Node

    def apply(self, workflow: Workflow) -> Edit:
        if not NODE_ID.fullmatch(self.id):
            raise WorkflowError(Problem(self.id, "", "a node id starts with a letter, then letters, digits, _ or -"))
        if self.id in workflow.nodes:
            raise WorkflowError(Problem(self.id, "", "this node id is already taken"))
        workflow.nodes[self.id] = self.node
        return RemoveNode(self.id)


class RemoveNode(msgspec.Struct, frozen=True):
    """Take out a node that has no links and no placement any more; :func:`remove` takes those out first."""

    id: str

    def apply(self, workflow: Workflow) -> Edit:
        node = _node(workflow, self.id)
        del workflow.nodes[self.id]
        return AddNode(self.id, node)


class Connect(msgspec.Struct, frozen=True):
    """Lay a wire to a free socket; :func:`connect` frees it first."""

    link: Link

    def apply(self, workflow: Workflow) -> Edit:
        _node(workflow, self.link.source)
        _node(workflow, self.link.target)
        if self.link.socket in workflow.links:
            raise WorkflowError(Problem(self.link.target, self.link.input, "this input already has a wire"))
        workflow.links[self.link.socket] = self.link
        return Disconnect(self.link.socket)


class Disconnect(msgspec.Struct, frozen=True):
    """Take away the wire that ends at a socket."""

    socket: Socket

    def apply(self, workflow: Workflow) -> Edit:
        link = workflow.links.pop(self.socket, None)
        if link is None:
            raise WorkflowError(Problem(self.socket.node, self.socket.input, "there is no wire at this input"))
        return Connect(link)


class SetParam(msgspec.Struct, frozen=True):
    """Set a parameter; ``UNSET`` takes it out, so that the node's default holds."""

    id: str
    name: str
    value: Any = msgspec.UNSET

    def apply(self, workflow: Workflow) -> Edit:
        node = _node(workflow, self.id)
        params = dict(node.params)
        before = params.pop(self.name, msgspec.UNSET)
        if self.value is not msgspec.UNSET:
            params[self.name] = self.value
        workflow.nodes[self.id] = msgspec.structs.replace(node, params=params)
        return SetParam(self.id, self.name, before)


class SetMode(msgspec.Struct, frozen=True):
    """Run a node, mute it, or let its like-typed input pass."""

    id: str
    mode: Mode

    def apply(self, workflow: Workflow) -> Edit:
        node = _node(workflow, self.id)
        workflow.nodes[self.id] = msgspec.structs.replace(node, mode=self.mode)
        return SetMode(self.id, node.mode)


class MoveNode(msgspec.Struct, frozen=True):
    """Move or title a node on the canvas; None forgets where it stood."""

    id: str
    placement: Placement | None

    def apply(self, workflow: Workflow) -> Edit:
        before = workflow.layout.pop(self.id, None)
        if self.placement is not None:
            workflow.layout[self.id] = self.placement
        return MoveNode(self.id, before)


class Annotate(msgspec.Struct, frozen=True):
    """Draw a frame or a note, or change one; None takes it away."""

    id: str
    annotation: Annotation | None

    def apply(self, workflow: Workflow) -> Edit:
        before = workflow.annotations.pop(self.id, None)
        if self.annotation is not None:
            workflow.annotations[self.id] = self.annotation
        return Annotate(self.id, before)


class SetForm(msgspec.Struct, frozen=True):
    """Give the workflow another form; None takes it away."""

    form: Form | None

    def apply(self, workflow: Workflow) -> Edit:
        before, workflow.form = workflow.form, self.form
        return SetForm(before)


class EditBatch(msgspec.Struct, frozen=True):
    """Several edits as one; where one of them cannot be applied, none is."""

    edits: tuple[Edit, ...]

    def apply(self, workflow: Workflow) -> Edit:
        inverses: list[Edit] = []
        try:
            for edit in self.edits:
                inverses.append(edit.apply(workflow))
        except WorkflowError:
            for inverse in reversed(inverses):
                inverse.apply(workflow)
            raise
        return EditBatch(tuple(reversed(inverses)))


def steps(edit: Edit) -> Iterable[Edit]:
    """The plain edits that an edit consists of, in order."""
    if isinstance(edit, EditBatch):
        for inner in edit.edits:
            yield from steps(inner)
    else:
        yield edit


def remove(workflow: Workflow, ids: Iterable[str]) -> EditBatch:
    """Remove nodes together with their wires and placements. The terminals of a subgraph stay."""
    gone = set(ids) - set(TERMINALS)
    cut: list[Edit] = [
        Disconnect(socket) for socket, link in workflow.links.items() if link.source in gone or link.target in gone
    ]
    cut += [MoveNode(name, None) for name in workflow.layout if name in gone]
    return EditBatch((*cut, *(RemoveNode(name) for name in workflow.nodes if name in gone)))


def connect(workflow: Workflow, link: Link) -> EditBatch:
    """Lay a wire; a wire that already ends there makes way."""
    free: tuple[Edit, ...] = (Disconnect(link.socket),) if link.socket in workflow.links else ()
    return EditBatch((*free, Connect(link)))


def free_id(workflow: Workflow, wanted: str) -> str:
    """The id itself where it is free, else with the lowest number that is: ``sampler``, ``sampler_2``."""
    return _free(workflow.nodes, wanted)


def free_annotation(workflow: Workflow, wanted: str) -> str:
    """Like `free_id`, among frames and notes."""
    return _free({*workflow.annotations, *workflow.annotations_extra}, wanted)


def _free(taken: Container[str], wanted: str) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name
