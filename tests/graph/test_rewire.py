"""Dots on wires are no part of what a workflow means; nodes go into wires and out of them by type."""

from __future__ import annotations

import pytest
from toy_bench import Bench
from toys import PACK, wire

from nodeflow.engine.planning.plan import plan
from nodeflow.graph.edits.edits import AddNode
from nodeflow.graph.edits.rewiring import addition, insertion, pull_out
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.workflow import Link, Node, Placement, Socket, Workflow, WorkflowError
from nodeflow.graph.subgraphs.reroutes import carried
from nodeflow.graph.validate.check import check, refusal

CATALOGUE = PACK.catalogue
DOTTED: dict = {
    "a": ("source", {"value": 4}),
    "d": ("dot", {}, {"value": "a"}),
    "e": ("dot", {}, {"value": "d.value"}),
    "b": ("add", {}, {"box": "e.value"}),
    "c": ("add", {"amount": 7, "label": "c"}, {"box": "d.value"}),
}


def sources(workflow: Workflow) -> dict[str, str]:
    """Where each input comes from."""
    return {f"{link.target}.{link.input}": f"{link.source}.{link.output}" for link in workflow.links.values()}


def test_dots_carry_the_type_of_where_the_wire_comes_from() -> None:
    workflow = wire(DOTTED | {"loose": ("dot",)})
    assert carried(workflow, CATALOGUE, "e", "value") == "toys.Box"
    assert carried(workflow, CATALOGUE, "loose", "value") == "Any"


def test_a_wire_through_dots_is_judged_by_what_flows() -> None:
    workflow = wire(DOTTED | {"n": ("double", {}, {"sheet": "e.value"}), "loose": ("dot",)})
    assert [str(problem) for problem in check(workflow, CATALOGUE)] == [
        "loose.value: needs a wire of type Any",
        "n.sheet: takes toys.Sheet, but e.value gives toys.Box",
    ]
    late = wire({"s": ("source",), "d": ("dot",), "n": ("double", {}, {"sheet": "d.value"})})
    reason = refusal(late, CATALOGUE, Link("s", "box", "d", "value"))
    assert reason == "leads on to n.sheet, which takes toys.Sheet, but this gives toys.Box"


def test_a_circle_of_dots_is_refused_and_ends() -> None:
    workflow = wire({"d": ("dot", {}, {"value": "e.value"}), "e": ("dot", {}, {"value": "d.value"})})
    assert carried(workflow, CATALOGUE, "d", "value") == "Any"
    with pytest.raises(WorkflowError, match="circle"):
        plan(workflow, CATALOGUE)


def test_a_run_passes_dots_by_and_finds_the_same_keys(bench: Bench) -> None:
    plain = wire({"a": ("source", {"value": 4}), "b": ("add", {}, {"box": "a"})})
    assert bench.run(plain, "b") == ["source", "add"]
    dotted = wire(DOTTED | {"loose": ("dot",)})
    assert set(plan(dotted, CATALOGUE).tasks) == {"a", "b", "c"}
    assert bench.run(dotted) == ["c"], "only what the first run had not"
    assert bench.value("c").value == 11


def test_a_node_goes_into_a_wire_where_its_types_fit() -> None:
    workflow = wire({"a": ("source",), "b": ("add", {}, {"box": "a"}), "n": ("add",), "s": ("double",)})
    before, link = dumps(workflow), workflow.links[Socket("b", "box")]
    assert insertion(workflow, CATALOGUE, "s", link) is None
    assert insertion(workflow, CATALOGUE, "a", link) is None
    edit = insertion(workflow, CATALOGUE, "n", link)
    assert edit is not None
    inverse = edit.apply(workflow)
    assert sources(workflow) == {"n.box": "a.box", "b.box": "n.box"}
    assert insertion(workflow, CATALOGUE, "n", Link("a", "box", "b", "other")) is None, "it is wired already"
    inverse.apply(workflow)
    assert dumps(workflow) == before


def test_a_node_never_goes_into_a_wire_that_it_would_close_to_a_circle() -> None:
    workflow = wire(
        {"n": ("split",), "a": ("add", {}, {"box": "n.low"}), "b": ("add", {}, {"box": "a"})} | {"z": ("source",)}
    )
    assert insertion(workflow, CATALOGUE, "n", workflow.links[Socket("b", "box")]) is None


def test_a_new_dot_stands_in_the_wire() -> None:
    workflow = wire({"a": ("source",), "b": ("add", {}, {"box": "a"})})
    found = addition(workflow, CATALOGUE, "toys.dot", workflow.links[Socket("b", "box")], Placement(5, 6))
    assert found is not None
    found[1].apply(workflow)
    assert sources(workflow) == {"dot.value": "a.box", "b.box": "dot.value"}
    assert check(workflow, CATALOGUE) == []
    assert dumps(loads(dumps(workflow))) == dumps(workflow)


def test_nodes_that_are_pulled_out_leave_the_wire_behind() -> None:
    workflow = wire(
        {"a": ("source",), "n": ("add", {}, {"box": "a"}), "d": ("dot", {}, {"value": "n"})}
        | {"b": ("add", {}, {"box": "d.value", "other": "n"})}
    )
    before = dumps(workflow)
    inverse = pull_out(workflow, CATALOGUE, ["n", "d"]).apply(workflow)
    assert sources(workflow) == {"d.value": "n.box", "b.box": "a.box", "b.other": "a.box"}
    inverse.apply(workflow)
    assert dumps(workflow) == before
    AddNode("alone", Node("toys.add")).apply(workflow)
    assert pull_out(workflow, CATALOGUE, ["alone"]).edits == ()
