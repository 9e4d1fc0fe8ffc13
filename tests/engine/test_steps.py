"""Steps as cache entries: what is kept, for how long, and what is told."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
import torch
from toy_bench import Bench
from toys import PACK, RAN, Route, Stranger, wire

from nodeflow.cli.terminal import TerminalView
from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.cache.value_size import OVERHEAD
from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.execution.step_cache import StepStore
from nodeflow.engine.planning.plan import plan
from nodeflow.engine.planning.value_identity import Identities, Unidentified
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodeProgress, NodeStarted
from nodeflow.reports.report import RunReport
from nodeflow.wires import Conditioning, DiffusionNetwork, Latent, LatentFormat, Noise

PLENTY = {"cpu": 2**30}


def climbing(heights: str, stranger: bool = False, **params: object):
    return wire(
        {
            "r": ("route", {"heights": heights, "stranger": stranger}),
            "c": ("climb", params, {"route": "r.route"}),
        }
    )


def added_up(*heights: int) -> list[float]:
    found = [0.0]
    for height in heights:
        found.append(found[-1] * 2 + height)
    return found[1:]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, steps=StepStore(PLENTY))


def test_a_run_goes_on_where_it_parts_from_an_earlier_one(bench: Bench) -> None:
    assert bench.run(climbing("1,2,3,4")) == ["step 0", "step 1", "step 2", "step 3"]
    assert bench.run(climbing("1,2,7,4")) == ["step 2", "step 3"]
    assert bench.value("c", "sheet").values.tolist() == added_up(1, 2, 7, 4)
    done = bench.told(NodeFinished)["c"]
    assert (done.state, done.resumed, done.steps, done.why) == ("ran", 2, 4, "the input route changed")
    assert [event.index for event in bench.events if isinstance(event, NodeProgress)] == [3, 4]
    told = RunReport(climbing("1,2,7,4"), PACK.catalogue)
    view = TerminalView()
    with view.console.capture() as shown:
        for event in bench.events:
            told.add(event)
            view.show(event)
    assert (told.nodes["c"]["steps"], told.nodes["c"]["steps_from_cache"]) == (4, 2)
    assert "2 of 4 steps from the cache" in shown.get()
    assert bench.run(climbing("1,2,7,5")) == ["step 3"]
    assert bench.run(climbing("9,2,7,5")) == ["step 0", "step 1", "step 2", "step 3"]
    assert bench.run(climbing("1,2,7,5", start=1)) == ["step 0", "step 1", "step 2", "step 3"]


def test_a_longer_run_goes_on_from_a_shorter_one(bench: Bench) -> None:
    bench.run(climbing("1,2"))
    assert bench.run(climbing("1,2,3")) == ["step 2"]
    assert bench.run(climbing("1")) == []
    assert bench.told(NodeFinished)["c"].resumed == 1


def test_at_rest_steps_leave_memory_that_the_disk_has(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path / "disk", 2**30, least_seconds=0)
    steps = StepStore(PLENTY, disk)
    bench = Bench(tmp_path, steps=steps)
    steps.rest()
    bench.run(climbing("1,2,3,4"))
    written = disk.info().results
    steps.rest()
    assert (len(steps) == 0) == (written > 0)
    assert bench.run(climbing("1,2,7,4")) == (["step 2", "step 3"])


def test_a_failed_run_keeps_its_finished_steps(bench: Bench) -> None:
    assert bench.run(climbing("1,2,3,4", stop_at=2)) == ["step 0", "step 1"]
    assert bench.told(NodeFailed)["c"].error.startswith("the rock gives way")
    assert bench.run(climbing("1,2,3,4")) == ["step 2", "step 3"]
    assert bench.value("c", "sheet").values.tolist() == added_up(1, 2, 3, 4)


def test_a_cancelled_run_keeps_its_finished_steps(bench: Bench) -> None:
    control = RunControl()
    planned = plan(climbing("1,2,3,4,5"), PACK.catalogue)
    RAN.clear()
    for event in bench.executor.run(planned, bench.settings, control):
        if isinstance(event, NodeProgress) and event.index == 3:
            control.cancel()
    assert RAN == ["step 0", "step 1", "step 2"]
    assert bench.run(climbing("1,2,3,4,5")) == ["step 3", "step 4"]
    assert bench.told(NodeStarted)["c"].why == "first run"


def test_the_steps_of_a_node_that_changed_its_input_are_not_kept(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path / "results", 2**20, least_seconds=0)
    bench = Bench(tmp_path, steps=StepStore(PLENTY, disk, pace=0))
    treading = wire({"s": ("sheet",), "t": ("tread", {}, {"sheet": "s.sheet"})})
    for _ in range(2):
        assert bench.run(treading) == ["sheet", "step 0", "step 1"]
        assert "changed one of its inputs in place" in bench.told(NodeFailed)["t"].error
    assert len(bench.executor.steps) == disk.info().results == 0


def test_time_left_counts_the_steps_computed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that goes on by one at each look, every step takes equally long."""
    clock = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))
    bench.run(climbing(",".join("1" * 50)))
    bench.run(climbing(",".join("1" * 25 + "2" * 25)))
    left = [event.seconds_left for event in bench.events if isinstance(event, NodeProgress)]
    step = bench.told(NodeFinished)["c"].seconds / 25
    assert left == pytest.approx([step * (24 - index) for index in range(25)], rel=0.3, abs=step)


def test_a_value_nobody_can_tell_from_another_is_never_resumed(bench: Bench) -> None:
    for heights in ("1,2,3", "1,2,4"):
        assert bench.run(climbing(heights, stranger=True)) == ["step 0", "step 1", "step 2"]
        assert bench.told(NodeFinished)["c"].resumed == 0
    assert len(bench.executor.steps) == 0


def test_without_a_budget_nothing_is_kept(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path / "results", 2**20, least_seconds=0)
    bench = Bench(tmp_path, steps=StepStore({"cpu": 0}, disk, pace=0))
    bench.run(climbing("1,2,3"))
    assert bench.run(climbing("1,2,4")) == ["step 0", "step 1", "step 2"]
    assert disk.info().results == 0


def test_the_budget_holds_and_the_oldest_run_loses_its_last_steps_first(tmp_path: Path) -> None:
    store = StepStore({"cpu": 6 * (OVERHEAD + 4)})
    bench = Bench(tmp_path, steps=store)
    bench.run(climbing("1,1,1,1"))
    for first in (2, 3, 4):
        bench.run(climbing(f"{first},1,1,1"))
        assert store.ledger.used["cpu"] <= store.ledger.budget["cpu"]
        assert len(store) == 6
    assert bench.run(climbing("3,1,2,2")) == ["step 2", "step 3"]
    assert bench.run(climbing("4,1,1,2")) != ["step 3"]


def test_a_run_that_does_not_fit_keeps_its_first_steps(tmp_path: Path) -> None:
    store = StepStore({"cpu": 3 * (OVERHEAD + 4)})
    bench = Bench(tmp_path, steps=store)
    bench.run(climbing("1,2,3,4,5,6"))
    assert len(store) == 3
    assert bench.run(climbing("1,2,3,4,5,7")) == ["step 3", "step 4", "step 5"]
    assert bench.value("c", "sheet").values.tolist() == added_up(1, 2, 3, 4, 5, 7)


def test_after_a_restart_steps_come_from_disk(tmp_path: Path) -> None:
    def restarted() -> Bench:
        disk = DiskStore(tmp_path / "results", 2**20, least_seconds=0)
        return Bench(tmp_path, steps=StepStore(PLENTY, disk, pace=float("inf"), last_pace=0))

    restarted().run(climbing("1,2,3,4"))
    assert restarted().run(climbing("1,2,7,4")) == ["step 2", "step 3"]
    assert restarted().run(climbing("1,2,7,5")) == ["step 3"]
    bench = restarted()
    assert bench.run(climbing("1,2,3,4")) == []
    assert bench.value("c", "sheet").values.tolist() == added_up(1, 2, 3, 4)


def test_a_killed_process_leaves_its_steps_on_disk(tmp_path: Path) -> None:
    def bench() -> Bench:
        disk = DiskStore(tmp_path / "results", 2**20, least_seconds=0)
        return Bench(tmp_path, steps=StepStore(PLENTY, disk, pace=0))

    def die_after_three() -> None:
        mine = bench()
        for event in mine.executor.run(plan(climbing("1,2,3,4,5"), PACK.catalogue), mine.settings):
            if isinstance(event, NodeProgress) and event.index == 3:
                os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(target=die_after_three)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    restarted = bench()
    assert restarted.run(climbing("1,2,3,4,5")) == ["step 3", "step 4"]
    assert restarted.value("c", "sheet").values.tolist() == added_up(1, 2, 3, 4, 5)


def test_steps_that_memory_lost_come_from_the_middle_of_their_piece(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path / "results", 2**20, least_seconds=0)
    store = StepStore({"cpu": 6 * (OVERHEAD + 4)}, disk, pace=float("inf"), last_pace=0)
    bench = Bench(tmp_path, steps=store)
    bench.run(climbing("1,2,3,4,5"))
    bench.run(climbing("9,9,9"))
    assert len(store) == 6
    assert bench.run(climbing("1,2,3,4,6")) == ["step 4"]


def test_writing_waits_until_the_steps_took_much_longer(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path / "results", 2**20, least_seconds=0)
    store = StepStore(PLENTY, disk, pace=1.0, last_pace=float("inf"))
    bench = Bench(tmp_path, steps=store)
    store.write_seconds = 3600.0
    bench.run(climbing("1,2,3,4"))
    assert disk.info().results == 0
    store.write_seconds = 0.0
    bench.run(climbing("2,2,3,4"))
    assert disk.info().results >= 1
    assert store.write_seconds > 0


# --- what values are


def test_equal_values_are_equal_and_others_are_not() -> None:
    of = Identities().of
    text = Conditioning(torch.ones(1, 2, 3), None, ("a",))
    assert of(text) == of(Conditioning(torch.ones(1, 2, 3), None, ("a",)))
    others = [
        Conditioning(torch.ones(1, 3, 2), None, ("a",)),
        Conditioning(torch.ones(1, 2, 3).double(), None, ("a",)),
        Conditioning(torch.ones(1, 2, 3) + 1e-6, None, ("a",)),
        Conditioning(torch.ones(1, 2, 3), torch.ones(1), ("a",)),
        Conditioning(torch.ones(1, 2, 3), None, ("b",)),
        Latent(torch.ones(1, 2, 3)),
    ]
    seen = [of(value) for value in (text, *others)]
    assert all(one != other for index, one in enumerate(seen) for other in seen[:index])
    assert of(Noise((1, 2))) == of(Noise((1, 2))) != of(Noise((2, 1)))
    assert of({"a": 1, "b": [1.0]}) == of({"b": [1.0], "a": 1}) != of({"b": (1.0,), "a": 1})


def test_a_tensor_is_what_it_holds_whatever_its_layout() -> None:
    of, values = Identities().of, torch.arange(6.0).reshape(2, 3)
    assert of(values.T) == of(values.T.contiguous())
    assert of(values.bfloat16()) != of(values.half())
    assert of(torch.tensor(1.0)) == of(torch.tensor(1.0))


def test_keys_tell_numbers_of_different_kinds_apart() -> None:
    chain = Identities().chain
    assert len({chain((), [value])[0] for value in (1, 1.0, True, "1", b"1", None, (1,), [1])}) == 8
    assert chain(0, [1, 2])[1] != chain(0, [2, 1])[1]


def test_a_network_is_the_result_it_came_from() -> None:
    one, other = (DiffusionNetwork(torch.nn.Linear(2, 2), LatentFormat(4, 4, 16), "v") for _ in range(2))
    identities = Identities()
    with pytest.raises(Unidentified):
        identities.of(one)
    identities.learn(b"k", (one, other))
    assert identities.of(one) != identities.of(other)
    identities.learn(b"later", (one,))
    again = Identities()
    loaded = tuple(DiffusionNetwork(torch.nn.Linear(2, 2), LatentFormat(4, 4, 16), "v") for _ in range(2))
    again.learn(b"k", loaded)
    assert again.of(loaded[0]) == identities.of(one)
    assert again.of(loaded[1]) == identities.of(other)


def test_what_takes_no_weak_reference_stays_unknown() -> None:
    identities = Identities()
    route = Route((1,), Stranger())
    identities.learn(b"k", (route,))
    with pytest.raises(Unidentified):
        identities.of(route)


def test_a_number_that_no_key_can_hold_is_unknown() -> None:
    with pytest.raises(Unidentified):
        Identities().chain(2**80, [1])
