"""The behaviours of a run: what is computed, what is taken from the cache, and what is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from toy_bench import Bench, diamond
from toys import PACK, RAN, wire

from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.planning.plan import plan
from nodeflow.engine.protocol.events import (
    NodeFailed,
    NodeFinished,
    NodeProgress,
    NodesKept,
    NodeSkipped,
    NodeStarted,
    RunFinished,
)
from nodeflow.graph.model.workflow import Node, WorkflowError
from nodeflow.reports.report import RunReport


def test_the_first_run_computes_everything_once_in_order(bench: Bench) -> None:
    assert bench.run(diamond()) == ["a", "b", "c", "d"]
    assert bench.value("d").value == 6 + 15


def test_an_identical_run_executes_nothing(bench: Bench) -> None:
    bench.run(diamond())
    assert bench.run(diamond()) == []
    assert bench.told(NodeFinished)["d"].state == "cached"
    assert any(
        event.nodes == ("a", "b", "c") and all(event.keys) and len(event.keys) == 3
        for event in bench.events
        if isinstance(event, NodesKept)
    )


def test_a_changed_branch_runs_alone_and_says_why(bench: Bench) -> None:
    bench.run(diamond())
    assert bench.run(diamond(amount=2)) == ["b", "d"]
    started = bench.told(NodeStarted)
    assert started["b"].why == "amount changed from 1 to 2"
    assert started["d"].why == "the input boxes changed"


def test_going_back_to_an_earlier_value_is_a_hit(bench: Bench) -> None:
    bench.run(diamond(1))
    bench.run(diamond(2))
    assert bench.run(diamond(1)) == []


def test_the_same_nodes_under_other_ids_are_one_entry(bench: Bench) -> None:
    bench.run(wire({"a": ("source",), "b": ("add", {}, {"box": "a"})}))
    assert bench.run(wire({"x": ("source",), "y": ("add", {}, {"box": "x"})})) == []


def test_an_explicit_default_is_the_default(bench: Bench) -> None:
    bench.run(wire({"a": ("source", {})}))
    assert bench.run(wire({"a": ("source", {"value": 0})})) == []


def test_layout_and_titles_never_cause_a_run(bench: Bench) -> None:
    from nodeflow.graph.model.workflow import Placement

    workflow = diamond()
    bench.run(workflow)
    workflow.layout["a"] = Placement(7, 7, "moved")
    assert bench.run(workflow) == []


def test_an_error_names_its_node_and_the_rest_goes_on(bench: Bench) -> None:
    workflow = wire(
        {
            "a": ("source",),
            "bad": ("fail", {}, {"box": "a"}),
            "after": ("add", {"label": "after"}, {"box": "bad"}),
            "free": ("add", {"label": "free"}, {"box": "a"}),
        }
    )
    assert bench.run(workflow) == ["source", "fail", "free"]
    assert bench.told(NodeFailed)["bad"].error == "the box is too heavy; take something out"
    assert bench.told(NodeSkipped)["after"].why == "it needs 'bad', which failed"
    assert bench.events[-1].state == "failed"


def test_the_run_after_an_error_works(bench: Bench) -> None:
    bad = wire({"a": ("source",), "x": ("fail", {}, {"box": "a"})})
    bench.run(bad)
    assert bench.run(bad) == ["fail"]
    assert bench.told(NodeStarted)["x"].why == "it failed last time"
    good = wire({"a": ("source",), "x": ("add", {}, {"box": "a"})})
    assert bench.run(good) == ["add"]
    assert bench.events[-1].state == "done"


def test_an_unexpected_error_is_one_sentence_with_its_traceback_apart(bench: Bench) -> None:
    bench.run(wire({"a": ("source",), "x": ("fail", {"kind": "untold"}, {"box": "a"})}))
    failure = bench.told(NodeFailed)["x"]
    assert failure.error.startswith("it divided by zero")
    assert "Traceback" in failure.detail
    assert "Traceback" not in failure.error


def test_only_the_targets_ancestors_are_checked_and_run(bench: Bench) -> None:
    workflow = diamond()
    workflow.nodes["stray"] = Node("lost.pack")
    assert bench.run(workflow, "b") == ["a", "b"]
    workflow.nodes["c"] = Node("toys.add", params={"amount": "wrong"})
    assert bench.run(workflow, "b") == []


def test_an_unknown_node_on_an_unrelated_branch_does_not_stop_the_run(bench: Bench) -> None:
    workflow = diamond()
    workflow.nodes["stray"] = Node("lost.pack")
    assert bench.run(workflow) == ["a", "b", "c", "d"]


def test_a_wrong_parameter_is_refused_before_anything_runs(bench: Bench) -> None:
    with pytest.raises(WorkflowError, match=r"a.value: 5000 is not a whole number from -1000 to 1000"):
        bench.run(wire({"a": ("source", {"value": 5000})}))
    assert RAN == []


def test_an_impure_node_runs_each_time_and_what_uses_it_too(bench: Bench) -> None:
    workflow = wire({"now": ("clock",), "b": ("add", {}, {"box": "now"})})
    bench.run(workflow)
    assert bench.run(workflow) == ["clock", "add"]
    assert bench.told(NodeStarted)["now"].why == "it runs each time"


def test_a_file_runs_its_node_only_when_it_changed(bench: Bench, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("four")
    workflow = wire({"file": ("read_file",), "b": ("add", {}, {"box": "file"})})
    bench.run(workflow)
    assert bench.value("file").value == 4
    assert bench.run(workflow) == []
    note.write_text("seven!!")
    assert bench.run(workflow) == ["read_file", "add"]
    assert bench.told(NodeStarted)["file"].why == "the file at path changed"
    os.utime(note, ns=(1, 1))
    assert bench.run(workflow) == []
    note.write_text("elevens")
    os.utime(note, ns=(1, 1))
    assert bench.run(workflow)[0] == "read_file"


def test_a_missing_file_fails_its_node_only(bench: Bench) -> None:
    bench.run(wire({"file": ("read_file",), "a": ("source",)}))
    assert "file" in bench.told(NodeFailed)
    assert "a" in bench.told(NodeFinished)


def test_equal_plain_values_cut_the_change_off(bench: Bench) -> None:
    def workflow(text: str):
        return wire(
            {
                "size": ("length", {"text": text}),
                "a": ("source", {}, {"value": "size.value"}),
                "b": ("add", {}, {"box": "a"}),
            }
        )

    bench.run(workflow("four"))
    assert bench.value("b").value == 5
    assert bench.run(workflow("five")) == ["length"]
    assert bench.run(workflow("longer")) == ["length", "source", "add"]
    assert bench.run(wire({"a": ("source", {"value": 6})})) == []


def test_a_wired_value_out_of_range_fails_its_node(bench: Bench) -> None:
    bench.run(wire({"size": ("length", {"text": "x" * 2000}), "a": ("source", {}, {"value": "size.value"})}))
    assert "2000 is not a whole number from -1000 to 1000" in bench.told(NodeFailed)["a"].error


def test_consumers_share_one_object_that_none_may_change(bench: Bench) -> None:
    workflow = wire(
        {
            "s": ("sheet",),
            "one": ("double", {"label": "one"}, {"sheet": "s.sheet"}),
            "bad": ("spoil", {}, {"sheet": "s.sheet"}),
        }
    )
    before = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))
    bench.run(workflow, "one")
    assert torch.equal(bench.value("s", "sheet").values, before)
    bench.run(workflow, "bad", "s")
    assert "in place" in bench.told(NodeFailed)["bad"].error
    assert torch.equal(bench.value("s", "sheet").values, before)
    assert bench.run(workflow, "bad", "one") == ["spoil"]
    workflow.nodes["one"] = Node("toys.double", params={"label": "other"})
    bench.run(workflow, "bad", "one")
    assert torch.equal(bench.value("one", "sheet").values, before * 2)


def test_the_branch_not_chosen_is_never_evaluated(bench: Bench) -> None:
    def workflow(second: bool):
        return wire(
            {
                "a": ("source", {"label": "a"}),
                "b": ("source", {"value": 2, "label": "b"}),
                "pick": ("switch", {"second_one": second}, {"first": "a", "second": "b"}),
                "end": ("add", {"label": "end"}, {"box": "pick"}),
            }
        )

    assert bench.run(workflow(False)) == ["a", "switch", "end"]
    assert bench.told(NodeSkipped)["b"].why == "nothing asked for it"
    assert bench.run(workflow(True)) == ["b", "switch", "end"]
    assert bench.value("end").value == 3
    assert bench.run(workflow(True)) == []


def test_an_error_in_the_branch_not_chosen_does_no_harm(bench: Bench) -> None:
    workflow = wire(
        {
            "a": ("source",),
            "x": ("fail", {}, {"box": "a"}),
            "pick": ("switch", {}, {"first": "a", "second": "x"}),
        }
    )
    assert bench.run(workflow) == ["source", "switch"]
    assert bench.events[-1].state == "done"


def test_several_outputs_and_several_wires_keep_their_order(bench: Bench) -> None:
    workflow = wire(
        {
            "a": ("source", {"value": 7}),
            "h": ("split", {}, {"box": "a"}),
            "t": ("total", {}, {"boxes": ["h.low", "h.high", "a.box"]}),
        }
    )
    bench.run(workflow)
    assert (bench.value("h", "low").value, bench.value("h", "high").value, bench.value("t").value) == (3, 4, 14)


def test_steps_are_progress_with_the_time_left(bench: Bench) -> None:
    bench.run(wire({"n": ("count", {"steps": 4})}))
    steps = [event for event in bench.events if isinstance(event, NodeProgress)]
    assert [(step.index, step.total) for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert steps[-1].seconds_left == 0


def test_cancel_inside_a_node_keeps_what_is_finished(bench: Bench) -> None:
    workflow = wire({"a": ("source",), "n": ("count", {"steps": 1000}), "t": ("total", {}, {"boxes": ["a", "n"]})})
    cancel = RunControl()
    seen = []
    for event in bench.executor.run(plan(workflow, PACK.catalogue), bench.settings, cancel):
        seen.append(event)
        if isinstance(event, NodeProgress) and event.index == 3:
            cancel.cancel()
    assert isinstance(seen[-1], RunFinished)
    assert seen[-1].state == "cancelled"
    assert sum(isinstance(event, NodeProgress) for event in seen) == 3
    assert bench.run(workflow) == ["count", "total"]


def test_cancel_between_nodes_keeps_what_is_finished(bench: Bench) -> None:
    cancel = RunControl()
    for event in bench.executor.run(plan(diamond(), PACK.catalogue), bench.settings, cancel):
        if isinstance(event, NodeFinished) and event.node == "b":
            cancel.cancel()
    assert bench.run(diamond()) == ["c", "d"]


def test_a_closed_run_stops(bench: Bench) -> None:
    events = bench.executor.run(plan(wire({"n": ("count",)}), PACK.catalogue), bench.settings)
    while not isinstance(next(events), NodeProgress):
        pass
    events.close()
    assert bench.run(wire({"n": ("count",)})) == ["count"]


def test_the_same_run_twice_is_identical_bit_by_bit(tmp_path: Path) -> None:
    workflow = wire({"s": ("sheet", {"seed": 3}), "d": ("double", {}, {"sheet": "s.sheet"})})
    results = []
    for _ in range(2):
        bench = Bench(tmp_path)
        bench.run(workflow)
        results.append(bench.value("d", "sheet").values)
    assert torch.equal(*results)


def test_without_a_budget_everything_runs_again_and_the_run_still_works(tmp_path: Path) -> None:
    bench = Bench(tmp_path, budget=0)
    assert bench.run(diamond()) == ["a", "b", "c", "d"]
    assert bench.run(diamond()) == ["a", "b", "c", "d"]
    assert bench.told(NodeStarted)["a"].why == "its result is no longer in the cache"


def test_an_evicted_result_that_nobody_needs_is_not_computed_again(bench: Bench) -> None:
    bench.run(diamond())
    bench.executor.cache.drop(bench.executor.recall("").last["b"][1])
    assert bench.run(diamond()) == []
    assert bench.run(diamond(), "b") == ["b"]


def test_two_hundred_diamonds_in_a_row_are_planned() -> None:
    nodes: dict = {"d0": ("source",)}
    for i in range(1, 201):
        nodes[f"l{i}"] = ("add", {}, {"box": f"d{i - 1}"})
        nodes[f"r{i}"] = ("add", {"amount": 2}, {"box": f"d{i - 1}"})
        nodes[f"d{i}"] = ("total", {}, {"boxes": [f"l{i}", f"r{i}"]})
    assert len(plan(wire(nodes), PACK.catalogue).tasks) == 601  # 2**200 paths: walked one by one, it would never end


def test_a_chain_far_deeper_than_the_stack_runs(bench: Bench) -> None:
    nodes: dict = {"n0": ("source", {"value": 0})}
    nodes |= {f"n{i}": ("add", {}, {"box": f"n{i - 1}"}) for i in range(1, 3000)}
    bench.run(wire(nodes))
    assert bench.value("n2999").value == 2999


def test_one_message_a_change(bench: Bench) -> None:
    nodes: dict = {"n0": ("source",)}
    nodes |= {f"n{i}": ("add", {}, {"box": f"n{i - 1}"}) for i in range(1, 100)}
    bench.run(wire(nodes))
    assert len(bench.events) == 2 * 100 + 2
    bench.run(wire(nodes))
    assert len(bench.events) == 4


def test_seeds_in_force_are_told_also_where_a_wire_brings_them(bench: Bench) -> None:
    workflow = wire(
        {
            "l": ("length", {"text": "seven.."}),
            "s": ("sheet", {"seed": 3}, {"seed": "l.value"}),
            "t": ("sheet", {"seed": 4}),
            "other": ("sheet", {"seed": 5}),
            "n": ("note_seeds", {}, {"sheets": ["s.sheet", "t.sheet"]}),
        }
    )
    bench.run(workflow)
    assert json.loads(bench.value("n", "note").text) == {"s.seed": 7, "t.seed": 4}
    assert bench.events[-1].seeds == {"other.seed": 5, "s.seed": 7, "t.seed": 4}
    told = RunReport(workflow, PACK.catalogue)
    assert "s.seed" not in told.seeds
    for event in bench.events:
        told.add(event)
    assert told.seeds == {"other.seed": 5, "s.seed": 7, "t.seed": 4}
    assert bench.run(workflow) == []
    assert bench.events[-1].seeds["s.seed"] == 7


def test_a_seed_whose_source_failed_is_not_told(bench: Bench) -> None:
    workflow = wire({"l": ("read_length", {"path": "gone.txt"}), "s": ("sheet", {"seed": 3}, {"seed": "l.value"})})
    bench.run(workflow)
    assert bench.events[-1].seeds == {}
