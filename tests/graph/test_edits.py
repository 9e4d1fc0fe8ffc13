"""Edits undo themselves exactly, and a document tells its listeners what happened."""

from __future__ import annotations

import random

import pytest
from toys import wire

from nodeflow.graph.edits.edits import (
    AddNode,
    Annotate,
    Connect,
    Disconnect,
    Edit,
    EditBatch,
    MoveNode,
    RemoveNode,
    SetMode,
    SetParam,
    connect,
    free_id,
    remove,
)
from nodeflow.graph.io.files import dumps
from nodeflow.graph.model.annotation import Annotation
from nodeflow.graph.model.document import Document
from nodeflow.graph.model.workflow import Link, Node, Placement, Socket, Workflow, WorkflowError


def chain(length: int) -> Workflow:
    nodes: dict = {"n0": ("source",)}
    return wire(nodes | {f"n{i}": ("add", {}, {"box": f"n{i - 1}"}) for i in range(1, length)})


def random_edit(rng: random.Random, workflow: Workflow) -> Edit:
    names = list(workflow.nodes)
    name, other = rng.choice(names), rng.choice(names)
    return rng.choice(
        [
            lambda: AddNode(free_id(workflow, "n0"), Node("toys.source")),
            lambda: SetParam(name, "amount", rng.randrange(100)),
            lambda: SetMode(name, rng.choice(["run", "mute", "bypass"])),
            lambda: MoveNode(name, Placement(rng.random(), rng.random())),
            lambda: Annotate("frame", rng.choice([None, Annotation("frame", rng.random(), 0, 9, 9)])),
            lambda: connect(workflow, Link(name, "box", other, "box")),
            lambda: remove(workflow, rng.sample(names, min(3, len(names) - 1))),
            lambda: Disconnect(rng.choice(list(workflow.links))) if workflow.links else EditBatch(()),
        ]
    )()


def test_six_hundred_random_edits_undo_exactly() -> None:
    rng, workflow = random.Random(1), chain(40)
    start, undo, states = dumps(workflow), [], []
    for _ in range(600):
        states.append(dumps(workflow))
        undo.append(random_edit(rng, workflow).apply(workflow))
    for state, inverse in zip(reversed(states), reversed(undo), strict=True):
        redo = inverse.apply(workflow)
        assert dumps(workflow) == state
        redo.apply(workflow).apply(workflow)
    assert dumps(workflow) == start


@pytest.mark.parametrize(
    "edit",
    [
        AddNode("n0", Node("x.y")),
        AddNode("not an id", Node("x.y")),
        RemoveNode("nothing"),
        SetParam("nothing", "a", 1),
        Connect(Link("n0", "box", "n1", "box")),
        Connect(Link("n0", "box", "nothing", "box")),
        Disconnect(Socket("n0", "box")),
    ],
)
def test_an_edit_that_cannot_be_applied_changes_nothing(edit: Edit) -> None:
    workflow = chain(3)
    before = dumps(workflow)
    batch = EditBatch((SetParam("n1", "amount", 9), edit))
    for attempt in (edit, batch):
        with pytest.raises(WorkflowError):
            attempt.apply(workflow)
        assert dumps(workflow) == before


def test_unset_takes_a_parameter_out() -> None:
    workflow = chain(2)
    inverse = SetParam("n1", "amount", 3).apply(workflow)
    assert workflow.nodes["n1"].params == {"amount": 3}
    inverse.apply(workflow)
    assert workflow.nodes["n1"].params == {}


def test_listeners_hear_each_plain_edit_once() -> None:
    document, heard = Document(chain(4)), []
    stop = document.subscribe(heard.append)
    inverse = document.apply(remove(document.workflow, ["n1"]))
    kinds = [type(edit).__name__ for edit in heard]
    assert kinds == ["Disconnect", "Disconnect", "RemoveNode"]
    document.apply(inverse)
    assert [type(edit).__name__ for edit in heard[3:]] == ["AddNode", "Connect", "Connect"]
    assert document.revision == 2
    stop()
    document.apply(SetMode("n1", "mute"))
    assert len(heard) == 6
