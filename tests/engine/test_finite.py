"""Numbers that are none end the run on the node where they first appear; what nodes warn of is kept with the result."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
import torch
from toy_bench import Bench
from toys import PACK, wire

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.execution.finite import check_outputs
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodesKept, NodeSkipped
from nodeflow.node import NodeError, NumbersError
from nodeflow.reports.report import RunReport
from nodeflow.wires import Conditioning, Curve, Image, Latent, Mask, Noise, NoiseMask, Reference, Region, Scores


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Image(torch.tensor([math.nan])), "not a number (NaN)"),
        (Latent(torch.tensor([math.inf])), "infinite"),
        (Mask(torch.tensor([-math.inf])), "infinite"),
        (Conditioning(torch.zeros(1), torch.tensor([math.nan])), "NaN"),
        ((Image(torch.zeros(1)), Image(torch.tensor([math.nan]))), "NaN"),
        (Latent(torch.tensor([math.inf], dtype=torch.float16)), "infinite"),
        (Latent(torch.zeros(1), NoiseMask(torch.tensor([math.nan]))), "NaN"),
        (Conditioning(torch.zeros(1), beside=(Conditioning(torch.tensor([math.nan])),)), "NaN"),
        (Conditioning(torch.zeros(1), otherwise=Conditioning(torch.tensor([math.inf]))), "infinite"),
        (Conditioning(torch.zeros(1), region=Region(mask=torch.tensor([math.nan]))), "NaN"),
        (Conditioning(torch.zeros(1), references=(torch.zeros(1), torch.tensor([math.nan]))), "NaN"),
        (Reference(Latent(torch.zeros(1)), Image(torch.tensor([math.nan])), "x"), "NaN"),
        (Scores(torch.tensor([math.nan])), "NaN"),
        (Noise((1,), values=torch.tensor([math.inf])), "infinite"),
    ],
)
def test_what_is_no_number_is_refused(value: object, words: str) -> None:
    with pytest.raises(NumbersError, match="full precision") as caught:
        check_outputs((value,))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (math.nan, "nan, which is no finite number"),
        (-math.inf, "-inf, which is no finite number"),
        (2**63, "beyond 64 bits"),
        ("\ud800", "half a character"),
        ((1.5, math.inf), "inf, which is no finite number"),
    ],
)
def test_plain_values_that_nobody_could_keep_are_refused(value: object, words: str) -> None:
    with pytest.raises(NodeError, match=words):
        check_outputs((value,))


def test_what_may_be_infinite_is_left_alone() -> None:
    check_outputs((Curve(torch.zeros(1), torch.tensor([-math.inf])), Conditioning(), Image(torch.zeros(0)), 1.5))


@pytest.mark.parametrize("worse", ["nan", "inf"])
def test_a_step_that_gives_no_numbers_ends_the_node_and_names_the_step(tmp_path: Path, worse: str) -> None:
    bench = Bench(tmp_path)
    nodes = {"noisy": ("overflow", {"worse": worse}), "after": ("twice", {}, {"latent": "noisy.latent"})}
    bench.run(wire(nodes))
    failure = bench.told(NodeFailed)["noisy"]
    assert failure.error.startswith("step 2 of 4 gave numbers that are")
    assert "full precision" in failure.error
    assert failure.look
    assert "after" in bench.told(NodeSkipped)


TEXT = "a very long text"
NOTE = f"{TEXT!r} is long"
WORKFLOW = wire({"s": ("remark", {"text": TEXT}), "end": ("twice", {}, {"latent": "s.latent"})})


def disk(folder: Path) -> DiskStore:
    return DiskStore(folder / "disk", 2**20, least_seconds=0)


def test_notes_are_told_kept_and_reported(tmp_path: Path) -> None:
    bench = Bench(tmp_path, disk=disk(tmp_path))
    bench.run(WORKFLOW)
    assert bench.told(NodeFinished)["s"].notes == (NOTE,)
    assert bench.told(NodeFinished)["end"].notes == ()
    for one in (bench, Bench(tmp_path, disk=disk(tmp_path))):
        assert one.run(WORKFLOW, "s") == []
        assert one.told(NodeFinished)["s"].notes == (NOTE,)
        report = RunReport(WORKFLOW, PACK.catalogue)
        for event in one.events:
            report.add(event)
        assert msgspec.json.decode(report.encode())["nodes"]["s"]["notes"] == [NOTE]


def test_a_result_that_nobody_looked_at_still_says_its_notes(tmp_path: Path) -> None:
    Bench(tmp_path, disk=disk(tmp_path)).run(WORKFLOW)
    later = Bench(tmp_path, disk=disk(tmp_path))
    assert later.run(WORKFLOW) == []
    (kept,) = (event for event in later.events if isinstance(event, NodesKept))
    assert kept.notes == {"s": (NOTE,)}


def test_items_computed_together_say_each_its_own(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    workflow = wire({"words": ("words", {"text": "a longest b longer"}), "s": ("remark", {}, {"text": "words.values"})})
    assert bench.run(workflow) == ["words", "4 remarks"]
    found = {item: event.notes for item, event in bench.items(NodeFinished, "s").items()}
    assert found == {(0,): (), (1,): ("'longest' is long",), (2,): (), (3,): ("'longer' is long",)}
    report = RunReport(workflow, PACK.catalogue)
    for event in bench.events:
        report.add(event)
    assert len(msgspec.json.decode(report.encode())["nodes"]["s"]["notes"]) == 2
