"""Lists and sweeps: a part of the graph runs once for each item, and each item is a result of its own."""

from __future__ import annotations

import pytest
from mapped_runs import mapped, weights
from toy_bench import Bench
from toys import PACK, RAN, Box, wire

from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.planning.plan import plan
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodeMapped, NodesKept, NodeSkipped, RunFinished
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.validate.sweeps import MAX_ITEMS


def outcome(bench: Bench) -> str:
    return next(event.state for event in bench.events if isinstance(event, RunFinished))


def test_a_list_runs_what_is_behind_it_once_for_each_item(bench: Bench) -> None:
    ran = bench.run(mapped("a bb ccc", add=("add", {}, {"box": "weigh"})))
    assert sorted(ran) == ["add"] * 3 + ["weigh 1", "weigh 2", "weigh 3", "words"]
    assert weights(bench) == [1, 2, 3]
    assert weights(bench, "add") == [2, 3, 4]
    assert bench.told(NodeMapped)["add"] == NodeMapped("add", ("words",), 3)
    assert set(bench.items(NodeFinished, "add")) == {(0,), (1,), (2,)}
    assert bench.items(NodeFinished, "words").keys() == {()}


def test_the_same_again_runs_nothing(bench: Bench) -> None:
    workflow = mapped("a bb ccc", add=("add", {}, {"box": "weigh"}))
    bench.run(workflow)
    assert bench.run(workflow) == []
    assert NodesKept(("weigh",), ("",)) in bench.events
    assert {event.state for event in bench.items(NodeFinished, "add").values()} == {"cached"}


def test_an_item_that_is_added_runs_alone(bench: Bench) -> None:
    bench.run(mapped("a bb"))
    assert bench.run(mapped("dddd a bb")) == ["words", "weigh 4"]
    assert weights(bench) == [4, 1, 2]


def test_an_item_is_known_from_a_run_without_a_list_and_the_other_way_round(bench: Bench) -> None:
    bench.run(wire({"weigh": ("weigh", {"text": "bb"})}))
    assert bench.run(mapped("a bb ccc")) == ["words", "weigh 1", "weigh 3"]
    assert bench.run(wire({"weigh": ("weigh", {"text": "ccc"})})) == []
    assert bench.value("weigh") == Box(3)


def test_inputs_from_one_list_go_together_item_by_item(bench: Bench) -> None:
    bench.run(
        wire(
            {"pairs": ("pairs", {"count": 3}), "weigh": ("weigh", {}, {"text": "pairs.names", "value": "pairs.values"})}
        )
    )
    assert weights(bench) == [1, 11, 21]


def test_inputs_made_from_one_list_go_together_too(bench: Bench) -> None:
    bench.run(mapped("a bb", add=("add", {}, {"box": "weigh"}), both=("add", {}, {"box": "weigh", "other": "add"})))
    assert weights(bench, "both") == [1 + 2 + 1, 2 + 3 + 1]


def test_different_lists_make_a_grid(bench: Bench) -> None:
    grid = wire(
        {
            "a": ("words", {"text": "x xx"}),
            "b": ("numbers", {"text": "10 20 30"}),
            "weigh": ("weigh", {}, {"text": "a.values", "value": "b.values"}),
            "half": ("weigh", {}, {"value": "b.values"}),
            "add": ("add", {}, {"box": "weigh", "other": "half"}),
        }
    )
    bench.run(grid)
    assert weights(bench) == [11, 21, 31, 12, 22, 32]
    assert weights(bench, "add") == [22, 42, 62, 23, 43, 63]
    assert bench.told(NodeMapped)["add"].axes == ("a", "b")
    assert list(bench.items(NodeFinished, "add")) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_a_list_within_a_list_may_be_of_any_length(bench: Bench) -> None:
    nested = wire(
        {
            "outer": ("numbers", {"text": "2 0 1"}),
            "weigh": ("weigh", {}, {"value": "outer.values"}),
            "inner": ("boxes", {}, {"box": "weigh"}),
            "add": ("add", {"amount": 100}, {"box": "inner.boxs", "other": "weigh"}),
            "sum": ("gather", {}, {"boxes": "add"}),
        }
    )
    bench.run(nested)
    assert weights(bench, "add") == [102, 103, 101]
    assert list(bench.items(NodeFinished, "add")) == [(0, 0), (0, 1), (2, 0)]
    assert bench.value("sum") == Box(306)


def test_a_list_input_gathers_and_there_the_list_ends(bench: Bench) -> None:
    bench.run(
        mapped(
            "a bb ccc",
            sum=("gather", {}, {"boxes": "weigh", "names": "words.values"}),
            after=("add", {}, {"box": "sum"}),
        )
    )
    assert bench.value("sum") == Box(9)
    assert bench.value("after") == Box(10)
    assert bench.run(mapped("a bb ccc", sum=("gather", {}, {"boxes": "weigh", "names": "words.values"}))) == []


def test_an_input_that_takes_many_takes_all_items_beside_other_wires(bench: Bench) -> None:
    bench.run(mapped("a bb", source=("source", {"value": 7}), total=("total", {}, {"boxes": ["source", "weigh"]})))
    assert bench.value("total") == Box(10)


def test_a_single_value_is_a_list_of_one_where_a_list_is_taken(bench: Bench) -> None:
    bench.run(wire({"source": ("source", {"value": 7}), "sum": ("gather", {}, {"boxes": "source"})}))
    assert bench.value("sum") == Box(7)


def test_what_gathers_beside_an_input_of_the_same_list_gets_what_goes_with_its_item(bench: Bench) -> None:
    workflow = wire(
        {
            "a": ("words", {"text": "x xx"}),
            "b": ("numbers", {"text": "10 20"}),
            "weigh": ("weigh", {}, {"text": "a.values", "value": "b.values"}),
            "sum": ("gather", {}, {"boxes": "weigh", "label": "a.values"}),
        }
    )
    assert [label for label in bench.run(workflow) if label in ("x", "xx")] == ["x", "xx"]
    assert weights(bench, "sum") == [11 + 21, 12 + 22]


def test_one_failure_does_not_stop_the_others(bench: Bench) -> None:
    workflow = wire(
        {
            "list": ("numbers", {"text": "1 13 3"}),
            "weigh": ("weigh", {}, {"value": "list.values"}),
            "add": ("add", {}, {"box": "weigh"}),
        }
    )
    bench.run(workflow)
    assert outcome(bench) == "failed"
    assert bench.items(NodeFailed, "weigh")[1,].error == "13 is too much; take another number"
    assert bench.items(NodeSkipped, "add")[1,].why == "it needs 'weigh[2]', which failed"
    assert weights(bench, "add") == [2, 4]
    assert bench.run(workflow) == ["weigh 13"]


def test_what_gathers_does_with_the_items_that_came_and_keeps_no_half_result(bench: Bench) -> None:
    def workflow(values: str) -> Workflow:
        return wire(
            {
                "list": ("numbers", {"text": values}),
                "weigh": ("weigh", {}, {"value": "list.values"}),
                "sum": ("gather", {}, {"boxes": "weigh"}),
                "after": ("add", {}, {"box": "sum"}),
            }
        )

    bench.run(workflow("1 13 3"))
    assert bench.value("after") == Box(5)
    assert "1 of its items did not come" in bench.told(NodeFinished)["sum"].why
    assert bench.run(workflow("1 13 3")) == ["weigh 13"]
    assert bench.run(workflow("1 2 3")) == ["numbers", "weigh 2", "gather", "add"]
    assert bench.value("after") == Box(7)
    assert bench.run(workflow("1 3")) == ["numbers"]


def test_an_item_that_fails_once_is_missed_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = mapped("a bb", sum=("gather", {}, {"boxes": "weigh"}))
    good = bench.executor.functions["toys.weigh"]

    def bad_for_bb(box: object = None, value: int = 0, text: str = "") -> Box:
        if text == "bb":
            raise MemoryError
        return good(box, value, text)  # type: ignore[no-any-return]

    with monkeypatch.context() as patch:
        patch.setitem(bench.executor.functions, "toys.weigh", bad_for_bb)
        bench.run(workflow)
    assert bench.value("sum") == Box(1)
    bench.run(workflow)
    assert bench.value("sum") == Box(3)


def test_what_gathers_nothing_but_failures_is_skipped(bench: Bench) -> None:
    bench.run(mapped("a" * 13, sum=("gather", {}, {"boxes": "weigh"})))
    assert bench.told(NodeSkipped)["sum"].why == "it needs 'weigh[1]', which failed"


def test_a_wrong_value_fails_its_item_with_its_sentence(bench: Bench) -> None:
    bench.run(wire({"list": ("numbers", {"text": "1 500 3"}), "weigh": ("weigh", {}, {"value": "list.values"})}))
    assert bench.items(NodeFailed, "weigh")[1,].error == (
        "value gets a wrong value from list.values: 500 is not a whole number from 0 to 100"
    )
    assert weights(bench) == [1, 3]


def test_an_empty_list_leaves_nothing_to_do(bench: Bench) -> None:
    bench.run(mapped("", add=("add", {}, {"box": "weigh"}), sum=("gather", {}, {"boxes": "weigh"})))
    assert outcome(bench) == "done"
    skipped = bench.told(NodeSkipped)
    assert skipped["weigh"].why == skipped["add"].why == "there is nothing to do: the list of 'words' is empty"
    assert bench.value("sum") == Box(0)


def test_a_list_that_fails_skips_what_needs_it(bench: Bench) -> None:
    bench.run(
        wire(
            {
                "list": ("numbers", {"text": "one"}),
                "weigh": ("weigh", {}, {"value": "list.values"}),
                "sum": ("gather", {}, {"boxes": "weigh"}),
            }
        )
    )
    assert set(bench.told(NodeFailed)) == {"list"}
    assert bench.told(NodeSkipped)["weigh"].why == "it needs 'list', which failed"
    assert "sum" in bench.told(NodeSkipped)


def test_only_the_branch_that_an_item_chooses_is_evaluated(bench: Bench) -> None:
    workflow = wire(
        {
            "list": ("numbers", {"text": "1 2"}),
            "first": ("weigh", {}, {"value": "list.values"}),
            "second": ("add", {"label": "second"}, {"box": "first"}),
            "switch": ("switch", {"second_one": False}, {"first": "first", "second": "second"}),
        }
    )
    assert sorted(bench.run(workflow)) == ["numbers", "switch", "switch", "weigh 1", "weigh 2"]
    assert set(bench.items(NodeSkipped, "second")) == {(0,), (1,)}


def test_lists_that_go_together_are_equally_long(bench: Bench) -> None:
    bench.run(wire({"uneven": ("uneven",), "weigh": ("weigh", {}, {"text": "uneven.names"})}))
    assert "different lengths" in bench.told(NodeFailed)["uneven"].error


def test_too_many_items_are_refused_in_a_sentence(bench: Bench) -> None:
    many = " ".join("x" * 101)
    workflow = wire(
        {
            "a": ("words", {"text": many}),
            "b": ("words", {"text": many}),
            "weigh": ("weigh", {}, {"text": "a.values"}),
            "grid": ("add", {"label": "grid"}, {"box": "weigh", "label": "b.values"}),
        }
    )
    assert bench.run(workflow) == ["words"], "the two lists are one result"
    assert f"more than {MAX_ITEMS:,} times" in bench.told(NodeFailed)["grid"].error


def test_a_cancel_between_items_keeps_what_is_finished(bench: Bench) -> None:
    workflow = mapped("a bb ccc dddd")
    control, RAN[:] = RunControl(), []
    for event in bench.executor.run(plan(workflow, PACK.catalogue), bench.settings, control):
        if isinstance(event, NodeFinished) and event.item == (1,):
            control.cancel()
    assert RAN == ["words", "weigh 1", "weigh 2"]
    assert weights(bench) == [1, 2]
    assert bench.run(workflow) == ["weigh 3", "weigh 4"]


def test_a_node_told_to_run_each_time_gives_each_item_the_same_value_of_this_run(bench: Bench) -> None:
    bench.run(mapped("a bb", clock=("clock",), both=("add", {}, {"box": "clock", "other": "weigh"})))
    first, second = weights(bench, "both")
    assert second - first == 1


def test_a_run_without_the_list_forgets_its_items(bench: Bench) -> None:
    bench.run(mapped("a bb"))
    bench.run(wire({"weigh": ("weigh", {"text": "zzzz"})}))
    assert bench.value("weigh") == Box(4)


def squares(values: str) -> Workflow:
    return wire(
        {
            "list": ("numbers", {"text": values}),
            "square": ("square", {}, {"value": "list.values"}),
            "double": ("double", {}, {"sheet": "square.sheet"}),
        }
    )


def doubled(bench: Bench) -> list[float]:
    return [sheet.values.item() for sheet in bench.value("double", "sheet")]


def test_what_can_be_computed_together_is_and_each_item_is_kept_by_itself(bench: Bench) -> None:
    assert bench.run(squares("1 2 3 2")) == ["numbers", "together 1 2 3", *["double"] * 3]
    assert doubled(bench) == [2, 8, 18, 8]
    finished = bench.items(NodeFinished, "square")
    assert [finished[place,].state for place in range(3)] == ["ran"] * 3
    assert bench.run(squares("3 4 1 5")) == ["numbers", "together 4 5", "double", "double"]
    assert bench.run(wire({"square": ("square", {"value": 4})})) == []
    assert bench.run(squares("6")) == ["numbers", "square 6", "double"]


def test_a_failure_among_those_computed_together_is_its_own(bench: Bench) -> None:
    ran = bench.run(squares("1 13 3"))
    assert ran == ["numbers", "together 1 13 3", "square 1", "double", "square 13", "square 3", "double"]
    assert bench.items(NodeFailed, "square").keys() == {(1,)}
    assert doubled(bench) == [2, 18]


def test_only_so_many_are_computed_together(bench: Bench) -> None:
    ran = [label for label in bench.run(squares(" ".join(map(str, range(100, 140))))) if label.startswith("together")]
    assert [len(label.split()) - 1 for label in ran] == [16, 16, 8]
