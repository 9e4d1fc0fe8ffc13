"""Subgraphs in the graph: files, specs, flattening, checking, and every edit with its way back."""

from __future__ import annotations

import random

import pytest
from toys import PACK, wire

from nodeflow.graph.edits.edits import AddNode, Edit, EditBatch, MoveNode, SetMode, SetParam, connect
from nodeflow.graph.edits.grouping_edits import group, make_unique, rename_definition, ungroup
from nodeflow.graph.edits.subgraph_edits import Declare, Define, Inside, at
from nodeflow.graph.edits.subgraph_ports import expose, hide, move, rename
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, Interface, Link, Node, Placement, Workflow, WorkflowError
from nodeflow.graph.subgraphs.flatten import MAX_NODES, flatten, inside_of
from nodeflow.graph.subgraphs.instances import with_subgraphs, with_terminals
from nodeflow.graph.validate.check import check, refusal

CATALOGUE = PACK.catalogue

WRITTEN = b"""{
  "nodeflow": 1,
  "nodes": {
    "end": {
      "type": "toys.total",
      "inputs": {
        "boxes": ["first.box", "second.box"]
      }
    },
    "first": {
      "type": "subgraph.more",
      "params": {
        "amount": 7
      },
      "inputs": {
        "box": "start.box"
      }
    },
    "second": {
      "type": "subgraph.more",
      "inputs": {
        "box": "start.box"
      }
    },
    "start": {
      "type": "toys.source"
    }
  },
  "subgraphs": {
    "more": {
      "title": "More",
      "doc": "Adds twice.",
      "inputs": ["box", "amount"],
      "outputs": {
        "box": "two.box"
      },
      "nodes": {
        "one": {
          "type": "toys.add",
          "params": {
            "amount": 2.50
          },
          "inputs": {
            "amount": "@inputs.amount",
            "box": "@inputs.box"
          }
        },
        "two": {
          "type": "toys.add",
          "inputs": {
            "box": "one.box"
          }
        }
      },
      "layout": {
        "@inputs": [-300, 0],
        "one": [0, 0]
      },
      "later": {"x": 1.0}
    }
  },
  "layout": {
    "start": [0, 0]
  }
}
"""


def text_with(nodes: str, subgraphs: str) -> bytes:
    return f'{{"nodeflow": 1, "nodes": {nodes}, "subgraphs": {subgraphs}}}'.encode()


def problems(data: bytes) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        loads(data)
    return [str(problem) for problem in caught.value.problems]


def reasons(workflow: Workflow) -> list[str]:
    return [str(problem) for problem in check(workflow, CATALOGUE)]


def long(length: int = 6) -> Workflow:
    nodes: dict = {"n0": ("source",)}
    made = wire(nodes | {f"n{i}": ("add", {}, {"box": f"n{i - 1}"}) for i in range(1, length)})
    made.layout = {name: Placement(300.0 * index, 0) for index, name in enumerate(made.nodes)}
    return made


# --- files


def test_a_file_with_subgraphs_is_written_back_byte_for_byte() -> None:
    assert dumps(loads(WRITTEN)) == WRITTEN


def test_what_changes_inside_is_written_and_the_rest_stays() -> None:
    workflow = loads(WRITTEN)
    inverse = at("more", SetParam("two", "amount", 4)).apply(workflow)
    assert b'"amount": 4' in dumps(workflow) and b'"amount": 2.50' in dumps(workflow)
    assert dumps(loads(dumps(workflow))) == dumps(workflow)
    inverse.apply(workflow)
    assert dumps(workflow) == WRITTEN


def test_a_copy_shares_nothing_that_changes() -> None:
    workflow = loads(WRITTEN)
    at("more", SetParam("two", "amount", 4)).apply(workflow.copy())
    assert dumps(workflow) == WRITTEN


def test_damaged_definitions_are_named() -> None:
    assert problems(
        text_with("{}", '{"a": 5, "b-": {"inputs": ["x", "x"], "outputs": {"y": "z"}}, "c": {"nodes": []}}')
    ) == [
        "subgraphs.a: a subgraph is an object with nodes, inputs and outputs",
        "subgraphs.b-.inputs.x: this name stands twice; rename one of them",
        "subgraphs.b-.inputs.x: this name stands twice; rename one of them",
        "subgraphs.b-.outputs.y: 'z' does not name an output; write \"node.output\"",
        "subgraphs.c.nodes: has the wrong form: expected an object, got a list",
    ]


def test_a_definition_that_contains_itself_is_refused_with_the_way() -> None:
    inner = '{"a": {"nodes": {"x": {"type": "subgraph.b"}}}, "b": {"nodes": {"x": {"type": "subgraph.a"}}}}'
    assert problems(text_with("{}", inner)) == [
        "subgraphs.a: a subgraph cannot contain itself: a -> b -> a; take one of these out of the other"
    ]


# --- specs


def test_an_instance_has_a_spec_from_what_is_exposed() -> None:
    workflow = loads(WRITTEN)
    spec = with_subgraphs(CATALOGUE, workflow).nodes["subgraph.more"]
    assert (spec.title, spec.doc) == ("More", "Adds twice.")
    assert [(port.name, port.type, port.required) for port in spec.inputs] == [("box", "toys.Box", True)]
    assert [(param.name, param.kind, param.default) for param in spec.params] == [("amount", "int", 2.5)]
    assert [(port.name, port.type) for port in spec.outputs] == [("box", "toys.Box")]


def test_types_are_known_through_dots_on_wires() -> None:
    workflow = long(4)
    for name, before, after in (("in", "n0", "n1"), ("out", "n1", "n2")):
        link = next(link for link in workflow.links.values() if link.target == after)
        AddNode(name, Node("toys.dot")).apply(workflow)
        connect(workflow, Link(before, "box", name, "value")).apply(workflow)
        connect(workflow, Link(name, "value", after, link.input)).apply(workflow)
    group(workflow, "", ["in", "n1", "out"])[0].apply(workflow)
    spec = with_subgraphs(CATALOGUE, workflow).nodes["subgraph.group"]
    assert [(port.name, port.type, port.required) for port in spec.inputs] == [("value", "toys.Box", True)]
    assert [(port.name, port.type) for port in spec.outputs] == [("value", "toys.Box")]
    assert check(workflow, CATALOGUE) == []


def test_terminals_have_a_port_for_each_that_is_exposed_and_one_more() -> None:
    workflow = loads(WRITTEN)
    nodes = with_terminals(with_subgraphs(CATALOGUE, workflow), workflow, "more").nodes
    assert [(port.name, port.type) for port in nodes[INPUTS].outputs] == [
        ("box", "toys.Box"),
        ("amount", "int"),
        ("+", "Any"),
    ]
    assert [(port.name, port.type) for port in nodes[OUTPUTS].inputs] == [("box", "toys.Box"), ("+", "Any")]


def test_a_workflow_without_subgraphs_has_the_catalogue_itself() -> None:
    assert with_subgraphs(CATALOGUE, long()) is CATALOGUE
    workflow = long()
    assert flatten(workflow).workflow is workflow


# --- flattening


def test_instances_unfold_to_paths_with_their_values() -> None:
    flat = flatten(loads(WRITTEN)).workflow
    assert set(flat.nodes) == {"start", "end", "first/one", "first/two", "second/one", "second/two"}
    assert flat.nodes["first/one"].params == {"amount": 7}
    assert flat.nodes["second/one"].params == {"amount": 2.5}
    assert {str((link.source, link.target)) for link in flat.links.values()} == {
        "('start', 'first/one')",
        "('start', 'second/one')",
        "('first/one', 'first/two')",
        "('second/one', 'second/two')",
        "('first/two', 'end')",
        "('second/two', 'end')",
    }


def test_values_are_handed_in_through_nested_instances_and_a_wire_comes_first() -> None:
    workflow = wire({"n": ("length", {"text": "abc"}), "s": ("source",), "a": ("add", {"amount": 2}, {"box": "s"})})
    edit, first = group(workflow, "", ["a"])
    edit.apply(workflow)
    expose(workflow, "group", Link(INPUTS, "+", "a", "amount")).apply(workflow)
    edit, outer = group(workflow, "", [first])
    edit.apply(workflow)
    expose(workflow, "group_2", Link(INPUTS, "+", first, "amount")).apply(workflow)
    assert flatten(workflow).workflow.nodes[f"{outer}/{first}/a"].params["amount"] == 2
    at("group_2", SetParam(first, "amount", 4)).apply(workflow)
    assert flatten(workflow).workflow.nodes[f"{outer}/{first}/a"].params["amount"] == 4
    SetParam(outer, "amount", 5).apply(workflow)
    assert flatten(workflow).workflow.nodes[f"{outer}/{first}/a"].params["amount"] == 5
    connect(workflow, Link("n", "length", outer, "amount")).apply(workflow)
    wires = flatten(workflow).workflow.links.values()
    assert Link("n", "length", f"{outer}/{first}/a", "amount") in wires


def test_too_much_is_refused_before_it_unfolds() -> None:
    definitions = {"d0": {"nodes": {"x": {"type": "toys.source"}}}}
    for depth in range(1, 40):
        inner = {f"x{n}": {"type": f"subgraph.d{depth - 1}"} for n in range(10)}
        definitions[f"d{depth}"] = {"nodes": inner}
    import json

    workflow = loads(text_with('{"all": {"type": "subgraph.d39"}}', json.dumps(definitions)))
    assert reasons(workflow) == [
        f"its subgraphs unfold to more than {MAX_NODES} nodes; use fewer instances inside one another"
    ]


def test_wires_that_only_lead_in_a_circle_are_named() -> None:
    through = '{"p": {"inputs": ["x"], "outputs": {"x": "@inputs.x"}}}'
    nodes = '{"a": {"type": "subgraph.p", "inputs": {"x": "b.x"}}, "b": {"type": "subgraph.p", "inputs": {"x": "a.x"}}}'
    [reason] = reasons(loads(text_with(nodes, through)))
    assert reason.startswith("wires lead in a circle through subgraphs and past no node: ")


# --- checking


def test_problems_inside_are_named_by_their_path_and_those_of_an_instance_by_its_port() -> None:
    workflow = wire(
        {
            "s": ("source",),
            "a": ("add", {}, {"box": "s"}),
            "b": ("add", {}, {"box": "a"}),
            "c": ("fail", {}, {"box": "b"}),
        }
    )
    for ids in (["b"], ["a", "group"]):
        edit, _ = group(workflow, "", ids)
        edit.apply(workflow)
    inner = loads(dumps(workflow))
    at("group", SetParam("b", "amount", "x")).apply(inner)
    at("group_2", AddNode("odd", Node("toys.ad"))).apply(inner)
    assert reasons(inner) == [
        "group_2/group/b.amount: 'x' is not a whole number",
        "group_2/odd: unknown node type 'toys.ad'; did you mean 'toys.add'?",
    ]
    outer = loads(dumps(workflow))
    del outer.links[next(s for s in outer.links if s.node == "group_2")]
    outer.nodes["group_2"] = Node("subgraph.group_2", params={"depth": 1})
    assert reasons(outer) == [
        "group_2.box: needs a wire of type toys.Box",
        "group_2.depth: subgraph.group_2 has no such parameter",
    ]
    outer.nodes["lost"] = Node("subgraph.lost")
    assert "lost: is an instance of the subgraph 'lost', which this file does not hold" in reasons(outer)


def test_an_output_that_nothing_feeds_is_named_where_it_is_used() -> None:
    workflow = long(3)
    edit, _ = group(workflow, "", ["n1"])
    edit.apply(workflow)
    face = workflow.subgraphs["group"].interface
    Declare("group", Interface(face.inputs, (*face.outputs, "spare"))).apply(workflow)
    assert reasons(workflow) == []
    connect(workflow, Link("group", "spare", "n2", "box")).apply(workflow)
    assert reasons(workflow) == ["n2.box: gets nothing: 'group' gives nothing at 'spare'; lay a wire to it inside"]


def test_a_wire_is_judged_by_what_is_exposed() -> None:
    workflow = loads(WRITTEN)
    workflow.nodes["sheet"] = Node("toys.sheet")
    catalogue = with_subgraphs(CATALOGUE, workflow)
    assert refusal(workflow, catalogue, Link("start", "box", "second", "box")) == ""
    wrong = refusal(workflow, catalogue, Link("sheet", "sheet", "second", "box"))
    assert wrong == "takes toys.Box, but sheet.sheet gives toys.Sheet"
    body, inside = inside_of(workflow, "more"), with_terminals(catalogue, workflow, "more")
    assert refusal(body, inside, Link(INPUTS, "+", "two", "other")) == ""
    assert "takes int" in refusal(body, inside, Link(INPUTS, "box", "two", "amount"))


# --- edits


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
