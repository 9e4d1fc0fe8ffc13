"""Tests of nodes' costs: noted once, known again, also by nodes alike and after a restart."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from toys import PACK, wire

from nodeflow.engine.planning.content_keys import RunContext
from nodeflow.engine.planning.cost_estimates import Cost, CostKind, Estimates, kinds, likenesses
from nodeflow.engine.planning.plan import plan
from nodeflow.engine.protocol.events import NodeFinished
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.graph.model.catalogue import decode
from nodeflow.graph.model.workflow import Workflow
from nodeflow.resources import folder

SHEET = PACK.catalogue.nodes["toys.sheet"]
HERE = RunContext(Path(), Path())
SHIPPED = decode((folder("assets") / "catalogue.json").read_bytes())


def alike(one: Workflow, other: Workflow, name: str, settings: RunContext = HERE) -> bool:
    first, second = (plan(workflow, PACK.catalogue) for workflow in (one, other))
    return likenesses(first, HERE)[name] == likenesses(second, settings)[name]


def sheets(**params: object) -> Workflow:
    return wire({"s": ("sheet", params), "d": ("double", {}, {"sheet": "s.sheet"})})


def test_seeds_and_texts_do_not_matter_for_the_cost() -> None:
    assert alike(sheets(seed=1), sheets(seed=2), "d")
    assert alike(sheets(label="one"), sheets(label="two"), "d")


def test_sizes_do_and_so_does_what_computes() -> None:
    assert not alike(sheets(side=8), sheets(side=16), "d")
    assert not alike(sheets(), sheets(), "d", RunContext(Path(), Path(), "cuda", "float16"))


def test_the_same_is_known_best_then_one_alike_then_its_type() -> None:
    estimates = Estimates()
    assert estimates.of(SHEET, "cpu", b"key", b"like") is None
    estimates.note(SHEET, "cpu", b"key", b"like", Cost(2.0, 100))
    estimates.note(SHEET, "cpu", b"other key", b"other like", Cost(3.0, 300))
    assert estimates.of(SHEET, "cpu", b"key", b"like") == (Cost(2.0, 100), "same")
    assert estimates.of(SHEET, "cpu", None, b"like") == (Cost(2.0, 100), "alike")
    assert estimates.of(SHEET, "cpu", b"new", b"new") == (Cost(3.0, 300), "type")
    assert estimates.of(SHEET, "cuda", b"new", b"new") is None


def test_they_survive_a_restart_and_two_sessions_write_into_one_file(tmp_path: Path) -> None:
    file = tmp_path / "estimates.sqlite"
    first, second = Estimates(file), Estimates(file)
    first.note(SHEET, "cpu", b"a", b"la", Cost(1.0, 1))
    second.note(SHEET, "cpu", b"b", b"lb", Cost(2.0, 2, 3))
    first.close()
    second.close()
    later = Estimates(file)
    assert later.of(SHEET, "cpu", b"a", b"") == (Cost(1.0, 1), "same")
    assert later.of(SHEET, "cpu", b"b", b"") == (Cost(2.0, 2, 3), "same")


def test_a_run_foretells_the_next(tmp_path: Path) -> None:
    session = WorkflowRunner(PACK, estimates=Estimates(tmp_path / "estimates.sqlite"))

    def slow(value: float) -> RunRequest:
        workflow = wire({"s": ("slow", {"value": value}), "t": ("twice", {}, {"latent": "s.latent"})})
        return RunRequest.of(workflow, tmp_path, tmp_path)

    assert [node.seconds for node in session.forecast(slow(1.0))] == [None, None]
    events = list(session.run(slow(1.0)))
    assert events[0].expected == {}
    (took,) = (event.seconds for event in events if isinstance(event, NodeFinished) and event.node == "s")
    (node,) = (node for node in session.forecast(slow(2.0)) if node.node == "s")
    assert (node.seconds, node.basis) == (took, "kind")
    assert next(iter(session.run(slow(2.0)))).expected["s"] == took
    later = WorkflowRunner(PACK, estimates=Estimates(tmp_path / "estimates.sqlite"))
    (node,) = (node for node in later.forecast(slow(1.0)) if node.node == "s")
    assert (node.seconds, node.basis) == (took, "same")


@pytest.mark.parametrize("damage", [b"", b"nothing that SQLite knows" * 100])
def test_a_file_that_is_no_table_costs_the_estimates_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path))
    (tmp_path / "estimates.sqlite").write_bytes(damage)
    estimates = Estimates.of_user()
    estimates.note(SHEET, "cpu", b"a", b"la", Cost(1.0, 1))
    estimates.save()
    assert estimates.of(SHEET, "cpu", b"a", b"") == (Cost(1.0, 1), "same")


def test_a_file_that_cannot_be_written_just_now_can_be_later(tmp_path: Path) -> None:
    file = tmp_path / "estimates.sqlite"
    estimates = Estimates(file)
    with sqlite3.connect(file) as other:
        other.execute("CREATE TRIGGER no BEFORE INSERT ON cost BEGIN SELECT raise(ABORT, 'no'); END")
    estimates.note(SHEET, "cpu", b"a", b"la", Cost(1.0, 1))
    estimates.save()
    with sqlite3.connect(file) as other:
        other.execute("DROP TRIGGER no")
    estimates.note(SHEET, "cpu", b"b", b"lb", Cost(2.0, 2))
    estimates.close()
    assert Estimates(file).of(SHEET, "cpu", b"b", b"") == (Cost(2.0, 2), "same")


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nodeflow.engine.planning.cost_estimates.MAX_COSTS", 6)
    file = tmp_path / "estimates.sqlite"
    estimates = Estimates(file)
    for number in range(10):
        estimates.note(SHEET, "cpu", b"k%d" % number, b"l%d" % number, Cost(float(number + 1)))
        estimates.save()
    estimates.close()
    later = Estimates(file)
    assert later.of(SHEET, "cpu", b"k9", b"") == (Cost(10.0), "same")
    assert later.of(SHEET, "cpu", b"k0", b"") == (Cost(10.0), "type")


def sampled(steps: int = 20, width: int = 0, height: int = 0, batch: int = 1, scale: float = 2.0) -> Workflow:
    """The starter, as it would be sampled."""
    workflow = load(folder("workflows") / "latent-diffusion.json")
    given = {("scheduler", "steps"): steps, ("guidance", "scale"): scale}
    given |= {("noise", "width"): width, ("noise", "height"): height, ("noise", "batch"): batch}
    for (node, param), value in given.items():
        SetParam(node, param, value).apply(workflow)
    return workflow


def kind_of(name: str, **given: float) -> CostKind:
    return kinds(plan(sampled(**given), SHIPPED), HERE)[name]  # type: ignore[arg-type]


def test_steps_images_and_sizes_make_another_amount_of_the_same_kind() -> None:
    usual, more = kind_of("sampler"), kind_of("sampler", steps=40, batch=3)
    assert usual.key == more.key and more.work.beside(usual.work) == 6
    assert kind_of("sampler", scale=3.0) == usual, "a guidance of another scale takes as long"
    halved = sampled()
    SetParam("sampler", "strength", 0.5).apply(halved)
    assert kinds(plan(halved, SHIPPED), HERE)["sampler"].work.beside(usual.work) == 0.5
    SetParam("sampler", "batch", "together").apply(halved)
    assert kinds(plan(halved, SHIPPED), HERE)["sampler"].key != usual.key
    assert kind_of("decode", steps=40).work.beside(kind_of("decode").work) == 1, "what has no steps takes the same"
    assert kind_of("decode", batch=4).work.beside(kind_of("decode").work) == 4
    large, small = kind_of("sampler", width=128, height=128), kind_of("sampler", width=64, height=64)
    assert large.work.beside(small.work) == 4
    assert large.work.beside(usual.work) == 1, "how large the model's own size is nobody has told"


def test_after_one_run_another_of_its_kind_is_foretold_by_steps_and_sizes(tmp_path: Path) -> None:
    spec = SHIPPED.nodes["nodes.sample"]
    file = tmp_path / "costs.sqlite"
    estimates = Estimates(file)
    estimates.note(spec, "cpu", b"key", b"like", Cost(2.0, 100))
    estimates.note_kind(kind_of("sampler", steps=20), 2.0, native=64.0 * 64)

    def seconds(known: Estimates, **given: float) -> float:
        found = known.of(spec, "cpu", None, b"another", kind_of("sampler", **given))
        assert found is not None and found.basis == "kind" and found.cost.bytes == 0
        return found.cost.seconds

    estimates.close()
    for known in (estimates, Estimates(file)):
        assert seconds(known, steps=400) == 40.0
        assert seconds(known, steps=10, width=128, height=128) == 4.0
        assert seconds(known, batch=2) == 4.0


def test_a_run_of_more_steps_is_foretold_by_one_of_few(tmp_path: Path) -> None:
    session = WorkflowRunner(estimates=Estimates(tmp_path / "costs.sqlite"))

    def request(steps: int) -> RunRequest:
        return RunRequest.of(sampled(steps), folder("workflows"), tmp_path, device="cpu")

    events = list(session.run(request(2)))
    (took,) = (event.seconds for event in events if isinstance(event, NodeFinished) and event.node == "sampler")
    (node,) = (node for node in session.forecast(request(6)) if node.node == "sampler")
    assert (node.basis, node.seconds) == ("kind", pytest.approx(3 * took))
