"""Subgraphs in a run: the same keys inside as outside, errors with their path, mute, bypass and targets."""

from __future__ import annotations

import pytest
from toy_bench import Bench
from toys import PACK, wire

from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodeSkipped, RunStarted
from nodeflow.graph.edits.edits import AddNode, SetMode, SetParam, connect
from nodeflow.graph.edits.grouping_edits import group, ungroup
from nodeflow.graph.edits.subgraph_edits import at
from nodeflow.graph.edits.subgraph_ports import expose
from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, Link, Node, Workflow, WorkflowError
from nodeflow.graph.validate.param_assignments import parse


def chain() -> Workflow:
    """a -> b -> c -> d, and e beside it."""
    return wire(
        {
            "a": ("source", {"value": 5, "label": "a"}),
            "b": ("add", {"label": "b"}, {"box": "a"}),
            "c": ("add", {"amount": 10, "label": "c"}, {"box": "b"}),
            "d": ("total", {"label": "d"}, {"boxes": ["c", "a"]}),
            "e": ("source", {"label": "e"}),
        }
    )


def grouped(*ids: str, workflow: Workflow | None = None) -> Workflow:
    workflow = workflow or chain()
    group(workflow, "", ids)[0].apply(workflow)
    return workflow


def test_grouping_and_ungrouping_after_a_run_runs_nothing(bench: Bench) -> None:
    workflow = chain()
    assert sorted(bench.run(workflow)) == ["a", "b", "c", "d", "e"]
    group(workflow, "", ["b", "c"])[0].apply(workflow)
    assert bench.run(workflow) == []
    assert bench.value("d").value == 5 + 1 + 10 + 5
    group(workflow, "", ["a", "group"])[0].apply(workflow)
    assert bench.run(workflow) == []
    ungroup(workflow, "", "group_2")[0].apply(workflow)
    ungroup(workflow, "", "group")[0].apply(workflow)
    assert bench.run(workflow) == []


def test_inside_and_outside_share_what_they_computed(bench: Bench) -> None:
    bench.run(grouped("b", "c"))
    other = wire({"x": ("source", {"value": 5, "label": "a"}), "y": ("add", {"label": "b"}, {"box": "x"})})
    assert bench.run(other) == []


def test_only_what_changed_inside_runs_again(bench: Bench) -> None:
    workflow = grouped("b", "c")
    bench.run(workflow)
    at("group", SetParam("c", "amount", 11)).apply(workflow)
    assert bench.run(workflow) == ["c", "d"]
    assert bench.told(NodeFinished)["group/c"].why == "amount changed from 10 to 11"


def test_instances_differ_by_their_parameters(bench: Bench) -> None:
    workflow = grouped("b", "c")
    expose(workflow, "group", Link(INPUTS, "+", "c", "amount")).apply(workflow)
    AddNode("twin", Node("subgraph.group", params={"amount": 100})).apply(workflow)
    connect(workflow, Link("a", "box", "twin", "box")).apply(workflow)
    connect(workflow, Link("twin", "box", "d", "boxes", 2)).apply(workflow)
    assert bench.run(workflow).count("b") == 1
    assert bench.value("d").value == 16 + 5 + 106
    assert bench.value("twin/c").value == 106


def test_an_error_names_the_path_and_what_does_not_need_it_goes_on(bench: Bench) -> None:
    workflow = chain()
    workflow.nodes["c"] = Node("toys.fail")
    grouped("c", workflow=workflow)
    grouped("b", "group", workflow=workflow)
    assert sorted(bench.run(workflow)) == ["a", "b", "e", "fail"]
    assert list(bench.told(NodeFailed)) == ["group_2/group/c"]
    assert bench.told(NodeSkipped)["d"].why == "it needs 'group_2/group/c', which failed"
    assert bench.told(NodeFinished)["e"].state in ("ran", "cached")


def test_a_problem_inside_is_named_by_its_path_before_anything_runs(bench: Bench) -> None:
    workflow = grouped("b", "c")
    at("group", SetParam("c", "amount", "much")).apply(workflow)
    with pytest.raises(WorkflowError, match=r"group/c\.amount: 'much' is not a whole number"):
        bench.run(workflow)


def test_a_muted_instance_does_not_run_nor_what_needs_it(bench: Bench) -> None:
    workflow = grouped("b", "c")
    SetMode("group", "mute").apply(workflow)
    assert bench.run(workflow) == ["e"]
    skipped = {name: event.why for name, event in bench.told(NodeSkipped).items()}
    assert skipped == {"group": "it is muted", "d": "it needs 'group', which does not run"}


def test_a_bypassed_instance_passes_its_like_typed_input(bench: Bench) -> None:
    workflow = grouped("b", "c")
    SetMode("group", "bypass").apply(workflow)
    assert sorted(bench.run(workflow)) == ["a", "d", "e"]
    assert bench.value("d").value == 5 + 5
    assert bench.told(NodeSkipped)["group"].why == "it is bypassed"


def test_nodes_inside_are_muted_and_bypassed_as_outside(bench: Bench) -> None:
    workflow = grouped("b", "c")
    at("group", SetMode("b", "bypass")).apply(workflow)
    assert sorted(bench.run(workflow)) == ["a", "c", "d", "e"]
    at("group", SetMode("b", "mute")).apply(workflow)
    bench.run(workflow)
    assert bench.told(NodeSkipped)["group/c"].why == "it needs 'group/b', which does not run"


def test_targets_are_instances_or_nodes_inside(bench: Bench) -> None:
    workflow = grouped("b", "c")
    assert bench.run(workflow, "group/b") == ["a", "b"]
    assert bench.run(workflow, "group") == ["c"]
    [started] = [event for event in bench.events if isinstance(event, RunStarted)]
    assert started.nodes == ("a", "group/b", "group/c")
    with pytest.raises(WorkflowError, match="group/x: there is no such node to run to"):
        bench.run(workflow, "group/x")


def test_the_target_of_an_instance_holds_what_it_gives_and_what_ends_in_it(bench: Bench) -> None:
    workflow = chain()
    grouped("a", "b", "e", workflow=workflow)
    assert sorted(bench.run(workflow, "group")) == ["a", "b", "e"]


def test_what_a_run_does_not_need_of_a_subgraph_may_be_wrong(bench: Bench) -> None:
    workflow = grouped("b", "c")
    at("group", AddNode("lost", Node("lost.node"))).apply(workflow)
    assert sorted(bench.run(workflow)) == ["a", "b", "c", "d", "e"]
    with pytest.raises(WorkflowError, match=r"group/lost: unknown node type 'lost\.node'"):
        bench.run(workflow, "group/lost")


def test_a_subgraph_may_stand_before_and_behind_the_same_node(bench: Bench) -> None:
    workflow = grouped("a", "c")
    assert workflow.subgraphs["group"].interface.inputs == ("box",)
    assert sorted(bench.run(workflow)) == ["a", "b", "c", "d", "e"]
    assert bench.value("d").value == 21


def test_what_goes_straight_through_a_subgraph_arrives(bench: Bench) -> None:
    workflow = grouped("b")
    connect(workflow.subgraphs["group"].body, Link(INPUTS, "box", OUTPUTS, "box")).apply(
        workflow.subgraphs["group"].body
    )
    bench.run(workflow)
    assert bench.value("d").value == 5 + 10 + 5


def test_a_list_that_goes_into_a_subgraph_maps_its_nodes(bench: Bench) -> None:
    workflow = wire(
        {
            "n": ("boxes", {"values": "1 2 3"}),
            "a": ("add", {"amount": 10, "label": "a"}, {"box": "n.boxs"}),
            "b": ("add", {"amount": 100, "label": "b"}, {"box": "a"}),
            "all": ("gather", {}, {"boxes": "b"}),
        }
    )
    grouped("a", "b", workflow=workflow)
    assert sorted(bench.run(workflow)) == ["a", "a", "a", "b", "b", "b", "boxes", "gather"]
    assert bench.value("all").value == 6 + 3 * 110
    ungroup(workflow, "", "group")[0].apply(workflow)
    assert bench.run(workflow) == []


def test_settings_reach_an_instance_by_what_it_exposes(bench: Bench) -> None:
    workflow = grouped("b", "c")
    expose(workflow, "group", Link(INPUTS, "+", "c", "amount")).apply(workflow)
    assert parse("group.amount=7", workflow, PACK.catalogue) == ("group", "amount", 7)
    with pytest.raises(
        WorkflowError, match="stands inside a subgraph; expose the parameter there and set it at 'group'"
    ):
        parse("group/c.amount=7", workflow, PACK.catalogue)
