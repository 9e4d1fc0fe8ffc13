"""Subgraphs in the graph: files, specs, flattening, checking, and every edit with its way back."""

from __future__ import annotations

import pytest
from subgraph_workflows import CATALOGUE, WRITTEN, long
from toys import wire

from nodeflow.graph.edits.edits import AddNode, SetParam, connect
from nodeflow.graph.edits.grouping_edits import group
from nodeflow.graph.edits.subgraph_edits import Declare, at
from nodeflow.graph.edits.subgraph_ports import expose
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, Interface, Link, Node, Workflow, WorkflowError
from nodeflow.graph.subgraphs.flatten import MAX_NODES, flatten, inside_of
from nodeflow.graph.subgraphs.instances import with_subgraphs, with_terminals
from nodeflow.graph.validate.check import check, refusal


def text_with(nodes: str, subgraphs: str) -> bytes:
    return f'{{"nodeflow": 1, "nodes": {nodes}, "subgraphs": {subgraphs}}}'.encode()


def problems(data: bytes) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        loads(data)
    return [str(problem) for problem in caught.value.problems]


def reasons(workflow: Workflow) -> list[str]:
    return [str(problem) for problem in check(workflow, CATALOGUE)]


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
