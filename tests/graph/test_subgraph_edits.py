"""Edits of subgraphs, each with its way back."""

from __future__ import annotations

import random

import pytest
from subgraph_workflows import CATALOGUE, WRITTEN, long
from toys import wire

from nodeflow.graph.edits.edits import AddNode, Edit, EditBatch, MoveNode, SetMode, SetParam
from nodeflow.graph.edits.grouping_edits import group, make_unique, rename_definition, ungroup
from nodeflow.graph.edits.subgraph_edits import Declare, Define, Inside, at
from nodeflow.graph.edits.subgraph_ports import hide, move, rename
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, Interface, Node, Placement, Workflow, WorkflowError
from nodeflow.graph.subgraphs.flatten import flatten, inside_of
from nodeflow.graph.validate.check import check


def test_grouping_makes_a_port_of_each_output_that_crosses() -> None:
    workflow = wire(
        {
            "s": ("source",),
            "t": ("source", {"value": 2}),
            "a": ("add", {}, {"box": "s", "other": "t"}),
            "b": ("add", {}, {"box": "s"}),
            "c": ("total", {}, {"boxes": ["a", "t", "b"]}),
            "d": ("add", {}, {"box": "a"}),
            "e": ("add", {}, {"box": "b"}),
        }
    )
    group(workflow, "", ["a", "b"], "Two sums!")[0].apply(workflow)
    face = workflow.subgraphs["two_sums"].interface
    assert (face.inputs, face.outputs, face.title) == (("box", "other"), ("a_box", "b_box"), "Two sums!")
    assert workflow.nodes["two_sums"].type == "subgraph.two_sums"
    assert [(link.source, link.output) for link in workflow.incoming()["c"]] == [
        ("two_sums", "a_box"),
        ("t", "box"),
        ("two_sums", "b_box"),
    ]


def test_a_group_stands_where_its_nodes_stood() -> None:
    workflow = long(5)
    group(workflow, "", ["n1", "n2", "n3"])[0].apply(workflow)
    assert workflow.layout["group"] == Placement(600, 0)
    inner = workflow.subgraphs["group"].body.layout
    assert inner[INPUTS].x < inner["n1"].x < inner["n3"].x < inner[OUTPUTS].x
    MoveNode("group", Placement(700, 50)).apply(workflow)
    ungroup(workflow, "", "group")[0].apply(workflow)
    assert workflow.layout["n2"] == Placement(700, 50)


def test_a_definition_cannot_be_put_into_itself() -> None:
    workflow = long()
    group(workflow, "", ["n2"])[0].apply(workflow)
    before = dumps(workflow)
    with pytest.raises(WorkflowError, match="a subgraph cannot contain itself: group -> group"):
        at("group", AddNode("again", Node("subgraph.group"))).apply(workflow)
    with pytest.raises(WorkflowError, match="there is no such subgraph"):
        EditBatch((SetMode("n0", "mute"), Inside("nothing", SetMode("n0", "mute")))).apply(workflow)
    assert dumps(workflow) == before


def test_ports_are_hidden_renamed_and_moved_at_all_instances() -> None:
    workflow = loads(WRITTEN)
    rename(workflow, "more", "inputs", "amount", "extra").apply(workflow)
    rename(workflow, "more", "outputs", "box", "sum").apply(workflow)
    assert workflow.nodes["first"].params == {"extra": 7}
    assert [link.output for link in workflow.incoming()["end"]] == ["sum", "sum"]
    assert flatten(workflow).workflow.nodes["first/one"].params == {"amount": 7}
    move(workflow, "more", "inputs", "extra", -1).apply(workflow)
    assert workflow.subgraphs["more"].interface.inputs == ("extra", "box")
    hide(workflow, "more", "inputs", "extra").apply(workflow)
    hide(workflow, "more", "outputs", "sum").apply(workflow)
    assert workflow.nodes["first"].params == {} and workflow.incoming()["end"] == []
    assert flatten(workflow).workflow.nodes["first/one"].params == {"amount": 2.5}
    with pytest.raises(WorkflowError, match="starts with a letter"):
        rename(workflow, "more", "inputs", "box", "no name").apply(workflow)
    with pytest.raises(WorkflowError, match="stands twice"):
        Declare("more", Interface(("box", "box"))).apply(workflow)


def test_a_unique_instance_changes_alone() -> None:
    workflow = loads(WRITTEN)
    make_unique(workflow, "", "first").apply(workflow)
    at("more_2", SetParam("two", "amount", 9)).apply(workflow)
    flat = flatten(workflow).workflow
    assert (flat.nodes["first/two"].params, flat.nodes["second/two"].params) == ({"amount": 9}, {})
    rename_definition(workflow, "more", "Even more").apply(workflow)
    assert workflow.nodes["second"].type == "subgraph.even_more" and "more" not in workflow.subgraphs


def shape(workflow: Workflow) -> tuple:
    """What a workflow means, whatever its nodes are called: they are told apart by a parameter."""
    flat = flatten(workflow).workflow
    label = {name: node.params["label"] for name, node in flat.nodes.items()}
    links = {
        (label[link.source], link.output, label[link.target], link.input, link.slot) for link in flat.links.values()
    }
    return sorted((node.type, node.mode, node.params["label"]) for node in flat.nodes.values()), links


def random_workflow(dice: random.Random) -> Workflow:
    nodes: dict = {}
    for number in range(14):
        before = [dice.choice(list(nodes)) for _ in range(3)] if nodes else []
        kind = dice.choice(["source", "add", "total"]) if nodes else "source"
        inputs: dict = {"total": {"boxes": before}, "add": dict(zip(("box", "other"), before, strict=False))}
        nodes[f"n{number}"] = (kind, {"label": f"n{number}"}, inputs.get(kind, {}))
    made = wire(nodes)
    made.layout = {name: Placement(dice.randrange(2000), dice.randrange(900)) for name in made.nodes}
    return made


@pytest.mark.parametrize("seed", range(30))
def test_random_groups_mean_the_same_ungroup_to_the_same_and_undo_exactly(seed: int) -> None:
    dice = random.Random(seed)
    workflow = random_workflow(dice)
    start, meaning, undo, states = dumps(workflow), shape(workflow), [], []

    def do(edit: Edit) -> None:
        states.append(dumps(workflow))
        undo.append(edit.apply(workflow))
        assert dumps(loads(dumps(workflow))) == dumps(workflow)

    for _ in range(12):
        where = dice.choice(["", *workflow.subgraphs])
        body = inside_of(workflow, where)
        names = [name for name in body.nodes if not name.startswith("@")]
        instances = [name for name in names if body.nodes[name].type.startswith("subgraph.")]
        if instances and dice.random() < 0.35:
            do(ungroup(workflow, where, dice.choice(instances))[0])
        elif names:
            do(group(workflow, where, dice.sample(names, dice.randint(1, len(names))))[0])
        assert shape(workflow) == meaning
        assert check(workflow, CATALOGUE) == []
    while instances := [name for name, node in workflow.nodes.items() if node.type.startswith("subgraph.")]:
        do(ungroup(workflow, "", instances[0])[0])
    assert workflow.subgraphs == {}
    assert shape(workflow) == meaning
    assert {n.params["label"] for n in workflow.nodes.values()} == {f"n{number}" for number in range(14)}
    for state, inverse in zip(reversed(states), reversed(undo), strict=True):
        redo = inverse.apply(workflow)
        assert dumps(workflow) == state
        redo.apply(workflow).apply(workflow)
        assert dumps(workflow) == state
    assert dumps(workflow) == start


def test_group_and_ungroup_give_the_very_file() -> None:
    for seed in range(20):
        dice = random.Random(seed)
        workflow = random_workflow(dice)
        before = dumps(workflow)
        edit, instance = group(workflow, "", dice.sample(list(workflow.nodes), 6))
        edit.apply(workflow)
        assert dumps(workflow) != before
        ungroup(workflow, "", instance)[0].apply(workflow)
        assert dumps(workflow) == before


def test_define_takes_no_odd_name() -> None:
    workflow = long()
    with pytest.raises(WorkflowError, match="a subgraph's name starts with a letter"):
        Define("no name", loads(WRITTEN).subgraphs["more"]).apply(workflow)


def test_definitions_that_were_copied_and_renamed_come_back_by_undo_and_redo() -> None:
    workflow = loads(WRITTEN)
    states, edits, inverses = [dumps(workflow)], [], []
    for make in (
        lambda: make_unique(workflow, "", "first"),
        lambda: at("more", SetParam("two", "amount", 9)),
        lambda: rename_definition(workflow, "more", "Even more"),
        lambda: at("even_more", SetParam("two", "amount", 10)),
        lambda: hide(workflow, "more_2", "inputs", "amount"),
    ):
        edits.append(make())
        inverses.append(edits[-1].apply(workflow))
        states.append(dumps(workflow))
    for _ in range(3):
        for state, inverse in zip(reversed(states[:-1]), reversed(inverses), strict=True):
            inverse.apply(workflow)
            assert dumps(workflow) == state
        for state, edit in zip(states[1:], edits, strict=True):
            edit.apply(workflow)
            assert dumps(workflow) == state
