"""Sweeps: a workflow runs once for each of a grid of values, and shares what does not change."""

from __future__ import annotations

import pytest
from mapped_runs import mapped, weights
from toy_bench import Bench
from toys import PACK, RAN, wire

from nodeflow.engine.execution.dry_run import forecast
from nodeflow.engine.planning.cost_estimates import Estimates
from nodeflow.engine.planning.plan import plan
from nodeflow.engine.protocol.events import NodeMapped
from nodeflow.graph.edits.grouping_edits import group
from nodeflow.graph.edits.subgraph_ports import expose
from nodeflow.graph.model.workflow import INPUTS, Link, Workflow, WorkflowError
from nodeflow.graph.validate.sweeps import Sweep

GRID = (Sweep("weigh", "value", (1, 2, 3)), Sweep("add", "amount", (10, 20)))


def swept() -> Workflow:
    return wire(
        {
            "source": ("source",),
            "weigh": ("weigh", {"value": 9}, {"box": "source"}),
            "add": ("add", {}, {"box": "weigh"}),
        }
    )


def test_sweeps_run_the_grid_and_share_what_does_not_change(bench: Bench) -> None:
    ran = bench.run(swept(), sweeps=GRID)
    assert sorted(ran) == ["add"] * 6 + ["source", "weigh 1", "weigh 2", "weigh 3"]
    assert weights(bench, "add") == [11, 21, 12, 22, 13, 23]
    assert swept().nodes["weigh"].params == {"value": 9}


def test_a_swept_run_is_the_single_run(bench: Bench) -> None:
    single = swept()
    single.nodes["weigh"] = wire({"weigh": ("weigh", {"value": 2})}).nodes["weigh"]
    bench.run(single)
    assert bench.run(swept(), sweeps=(Sweep("weigh", "value", (2,)),)) == []


def test_a_sweep_runs_the_whole_workflow_again_also_what_gathers(bench: Bench) -> None:
    workflow = mapped("a bb", sum=("gather", {}, {"boxes": "weigh"}))
    bench.run(workflow, sweeps=(Sweep("weigh", "value", (10, 20)),))
    assert weights(bench, "sum") == [11 + 12, 21 + 22]


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        (Sweep("weigh", "value", (1, 500)), "weigh.value: 500 is not a whole number from 0 to 100"),
        (Sweep("weigh", "value", ()), "no value"),
        (Sweep("weigh", "size", (1,)), "no such parameter"),
        (Sweep("gone", "value", (1,)), "gone: there is no such node"),
        (Sweep("other", "value", (1,)), "other.value: is swept, but what it sets does not run"),
        (Sweep("weigh", "text", ("a",)), "comes from a wire"),
        (Sweep("weigh", "value", tuple(range(100)) * 101), "10,100 combinations"),
    ],
)
def test_what_is_wrong_with_a_sweep_is_said_before_anything_runs(bench: Bench, sweep: Sweep, words: str) -> None:
    workflow = mapped("a", other=("source",))
    with pytest.raises(WorkflowError, match=words):
        bench.run(workflow, "weigh", sweeps=(sweep,))
    assert RAN == []


def test_a_parameter_is_swept_once(bench: Bench) -> None:
    with pytest.raises(WorkflowError, match="swept twice"):
        bench.run(swept(), sweeps=(GRID[0], GRID[0]))


def test_a_parameter_of_a_subgraph_is_swept_inside_it(bench: Bench) -> None:
    workflow = swept()
    group(workflow, "", ["weigh", "add"])[0].apply(workflow)
    expose(workflow, "group", Link(INPUTS, "+", "weigh", "value")).apply(workflow)
    bench.run(workflow, sweeps=(Sweep("group", "value", (1, 2)),))
    assert weights(bench, "group/add") == [2, 3]
    assert bench.told(NodeMapped)["group/add"].axes == ("group.value",)


def test_a_list_runs_a_subgraph_and_passes_dots(bench: Bench) -> None:
    workflow = mapped("a bb", dot=("dot", {}, {"value": "weigh"}), add=("add", {}, {"box": "dot.value"}))
    group(workflow, "", ["add"])[0].apply(workflow)
    bench.run(workflow)
    assert weights(bench, "group/add") == [2, 3]


def test_what_goes_together_stays_together_when_an_item_is_missing(bench: Bench) -> None:
    workflow = wire(
        {
            "pairs": ("numbers", {"text": "1 13 3"}),
            "weigh": ("weigh", {}, {"value": "pairs.values"}),
            "again": ("add", {}, {"box": "weigh"}),
            "source": ("source", {"value": 100}),
            "beside": ("add", {}, {"box": "source", "amount": "pairs.values"}),
            "both": ("match", {}, {"left": "again", "right": "beside"}),
        }
    )
    bench.run(workflow)
    assert bench.value("both", "value") == "2:101 4:103"


def foreseen(bench: Bench, workflow: Workflow, *sweeps: Sweep) -> dict[str, tuple[str, float | None]]:
    found = forecast(bench.executor, plan(workflow, PACK.catalogue, (), sweeps), bench.settings, Estimates())
    assert len(found) == len(workflow.nodes)
    return {each.node: (each.state, each.seconds) for each in found}


def test_a_sweep_is_foreseen(bench: Bench) -> None:
    assert {state for state, _ in foreseen(bench, swept(), *GRID).values()} == {"run"}
    bench.run(swept(), sweeps=GRID)
    assert foreseen(bench, swept(), *GRID)["add"] == ("cached", None)
    assert foreseen(bench, swept(), *GRID[:1])["add"] == ("run", None)


def test_what_hangs_on_a_list_is_foreseen_once_the_list_is_known(bench: Bench) -> None:
    workflow = mapped("a bb", add=("add", {}, {"box": "weigh"}))
    assert {name: state for name, (state, _) in foreseen(bench, workflow).items()} == {
        "words": "run",
        "weigh": "unknown",
        "add": "unknown",
    }
    bench.run(workflow, "words")
    assert {name: state for name, (state, _) in foreseen(bench, workflow).items()} == {
        "words": "cached",
        "weigh": "run",
        "add": "run",
    }
    assert foreseen(bench, mapped(""))["weigh"][0] == "unknown"
