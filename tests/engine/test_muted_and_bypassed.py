"""Nodes that are muted or bypassed: what runs all the same, and what is refused."""

from __future__ import annotations

import pytest
from toy_bench import Bench, diamond
from toys import PACK, wire

from nodeflow.engine.planning.plan import plan
from nodeflow.engine.protocol.events import NodeSkipped
from nodeflow.graph.model.workflow import Node, WorkflowError


def test_muted_nodes_and_what_depends_on_them_do_not_run(bench: Bench) -> None:
    workflow = diamond()
    workflow.nodes["b"] = Node("toys.add", mode="mute")
    assert bench.run(workflow, "d", "c") == ["a", "c"]
    assert bench.told(NodeSkipped)["b"].why == "it is muted"
    assert "needs 'b'" in bench.told(NodeSkipped)["d"].why


def test_a_bypassed_node_passes_its_like_typed_input(bench: Bench) -> None:
    workflow = diamond()
    workflow.nodes["b"] = Node("toys.add", params={"amount": 99}, mode="bypass")
    assert bench.run(workflow) == ["a", "c", "d"]
    assert bench.value("d").value == 5 + 15


def test_a_chain_of_bypassed_nodes_passes_through(bench: Bench) -> None:
    nodes = {"n0": ("source", {"value": 3})}
    nodes |= {f"n{i}": ("add", {}, {"box": f"n{i - 1}"}) for i in range(1, 5)}
    workflow = wire(nodes)
    for name in ("n1", "n2", "n3"):
        workflow.nodes[name] = Node("toys.add", mode="bypass")
    bench.run(workflow)
    assert bench.value("n4").value == 4


def test_a_bypassed_end_still_brings_what_it_passes(bench: Bench) -> None:
    workflow = diamond()
    workflow.nodes["b"] = Node("toys.add", mode="bypass")
    assert bench.run(workflow, "b") == ["a"]


def test_a_bypass_that_has_nothing_to_pass_is_refused_where_it_matters() -> None:
    workflow = wire({"s": ("source",), "a": ("add", {}, {"box": "s"})})
    workflow.nodes["s"] = Node("toys.source", mode="bypass")
    with pytest.raises(WorkflowError, match="'s' is bypassed"):
        plan(workflow, PACK.catalogue)
