"""The dry plan says what then happens: with toys of all kinds, by hand and at random, and with the starter workflow."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from toy_bench import Bench
from toys import PACK, RAN, wire

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodesKept, NodeSkipped, NodeStarted
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.graph.model.workflow import Node, Workflow
from nodeflow.resources import folder

STARTER = folder("workflows") / "latent-diffusion.json"


def states(bench: Bench, workflow: Workflow, *targets: str) -> dict[str, str]:
    return {name: node.state for name, node in bench.foresee(workflow, *targets).items()}


def check(bench: Bench, workflow: Workflow, *targets: str) -> dict[str, str]:
    """Foresee, run, and compare: what ran, what came from the cache, and the reasons. The states foreseen."""
    foreseen = bench.foresee(workflow, *targets)
    RAN.clear()
    assert bench.foresee(workflow, *targets).keys() == foreseen.keys()
    assert RAN == []
    bench.run(workflow, *targets)
    started = bench.told(NodeStarted)
    sure = {name for name, node in foreseen.items() if node.state == "run"}
    unknown = {name for name, node in foreseen.items() if node.state == "unknown"}
    twins = {name for name, node in foreseen.items() if node.why.startswith("the same as")}
    assert started.keys() <= sure | unknown | twins
    if not unknown and not bench.told(NodeFailed):
        assert sure == started.keys()
        assert {name: foreseen[name].why for name in sure} == {name: event.why for name, event in started.items()}
        cached = {name for name, event in bench.told(NodeFinished).items() if event.state == "cached"}
        assert cached <= {name for name, node in foreseen.items() if node.state == "cached"}
        kept = {name for event in bench.events if isinstance(event, NodesKept) for name in event.nodes}
        skipped = bench.told(NodeSkipped).keys()
        assert {name for name, node in foreseen.items() if node.state == "kept"} <= kept | skipped
    return {name: node.state for name, node in foreseen.items()}


def diamond(amount: int = 1) -> Workflow:
    return wire(
        {
            "a": ("source", {"value": 5}),
            "b": ("add", {"amount": amount}, {"box": "a"}),
            "c": ("add", {"amount": 10}, {"box": "a"}),
            "d": ("total", {}, {"boxes": ["b", "c"]}),
        }
    )


def test_cold_then_warm_then_with_a_parameter_changed(bench: Bench) -> None:
    assert set(check(bench, diamond()).values()) == {"run"}
    assert check(bench, diamond()) == {"a": "kept", "b": "kept", "c": "kept", "d": "cached"}
    assert check(bench, diamond(2)) == {"a": "cached", "b": "run", "c": "cached", "d": "run"}


def test_foreseeing_leaves_the_cache_as_it_is(bench: Bench) -> None:
    bench.run(diamond())
    cache = bench.executor.cache
    before = dict(cache._results._ranks)
    bench.foresee(diamond(2))
    assert len(before) == 4 and cache._results._ranks == before


def test_only_the_targets_needs_are_foreseen(bench: Bench) -> None:
    assert states(bench, diamond(), "b") == {"a": "run", "b": "run"}


def test_an_impure_node_and_what_uses_it_run(bench: Bench) -> None:
    workflow = wire({"now": ("clock",), "b": ("add", {}, {"box": "now"})})
    check(bench, workflow)
    assert check(bench, workflow) == {"now": "run", "b": "run"}


def test_the_branch_of_a_switch_is_unknown_until_it_is_known(bench: Bench) -> None:
    def workflow(second: bool) -> Workflow:
        return wire(
            {
                "a": ("source",),
                "b": ("source", {"value": 2}),
                "pick": ("switch", {"second_one": second}, {"first": "a", "second": "b"}),
                "end": ("add", {}, {"box": "pick"}),
            }
        )

    assert check(bench, workflow(False)) == {"a": "unknown", "b": "unknown", "pick": "run", "end": "run"}
    assert states(bench, workflow(False))["end"] == "cached"
    assert check(bench, workflow(True)) == {"a": "cached", "b": "unknown", "pick": "run", "end": "run"}


def test_what_hangs_on_a_plain_value_is_unknown_until_that_is_known(bench: Bench) -> None:
    def workflow(text: str) -> Workflow:
        return wire(
            {
                "size": ("length", {"text": text}),
                "a": ("source", {}, {"value": "size.value"}),
                "b": ("add", {}, {"box": "a"}),
            }
        )

    assert check(bench, workflow("four")) == {"size": "run", "a": "unknown", "b": "unknown"}
    assert check(bench, workflow("four")) == {"size": "cached", "a": "kept", "b": "cached"}
    assert bench.foresee(workflow("five"))["b"].why == "it depends on what 'size' gives"
    assert check(bench, workflow("five")) == {"size": "run", "a": "unknown", "b": "unknown"}


def test_a_missing_file_is_foreseen(bench: Bench, tmp_path: Path) -> None:
    workflow = wire({"file": ("read_file",), "b": ("add", {}, {"box": "file"})})
    assert states(bench, workflow)["b"] == "run"
    (tmp_path / "note.txt").write_text("four")
    assert check(bench, workflow) == {"file": "run", "b": "run"}
    assert states(bench, workflow) == {"file": "kept", "b": "cached"}


def test_muted_and_bypassed_nodes_are_skipped(bench: Bench) -> None:
    workflow = diamond()
    workflow.nodes["b"] = Node("toys.add", mode="mute")
    workflow.nodes["c"] = Node("toys.add", mode="bypass")
    foreseen = bench.foresee(workflow)
    assert foreseen["b"].why == "it is muted"
    assert foreseen["c"].why == "it is bypassed"
    check(bench, workflow)


def test_after_a_restart_the_disk_is_foreseen(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path / "results", 2**30)
    workflow = wire({"s": ("slow",), "t": ("twice", {}, {"latent": "s.latent"})})
    check(Bench(tmp_path, disk=disk), workflow)
    restarted = Bench(tmp_path, disk=disk)
    SetParam("t", "label", "another").apply(workflow)
    assert restarted.foresee(workflow)["s"].why == "in the disk cache"
    assert len(restarted.executor.cache) == 0
    assert check(restarted, workflow) == {"s": "cached", "t": "run"}


CHANGES: dict[str, list[object]] = {
    "value": [1, 3],
    "amount": [1, 7],
    "text": ["x", "abcd"],
    "second_one": [False, True],
}


def any_workflow(rng: random.Random) -> Workflow:
    """A few nodes of every kind, wired as chance will have it."""
    nodes: dict[str, tuple] = {}
    boxes: list[str] = []
    numbers: list[str] = []
    for index in range(rng.randrange(3, 12)):
        name = f"n{index}"
        kind = rng.choice(["source", "add", "total", "split", "switch", "length", "clock", "fail", "fed"])
        if kind in ("add", "total", "split", "switch", "fail") and not boxes:
            kind = "source"
        one, other = (rng.choice(boxes or [""]) for _ in range(2))
        match kind:
            case "source":
                nodes[name] = ("source", {"value": rng.randrange(3)})
            case "fed":
                nodes[name] = ("source", {}, {"value": rng.choice(numbers)} if numbers else {})
            case "add":
                nodes[name] = (
                    "add",
                    {"amount": rng.randrange(3)},
                    {"box": one, "other": other},
                )
            case "total":
                nodes[name] = ("total", {}, {"boxes": [rng.choice(boxes) for _ in range(rng.randrange(1, 4))]})
            case "split":
                nodes[name] = ("split", {}, {"box": one})
            case "switch":
                nodes[name] = (
                    "switch",
                    {"second_one": rng.random() < 0.5},
                    {"first": one, "second": other},
                )
            case "length":
                nodes[name] = ("length", {"text": "x" * rng.randrange(3)})
            case "clock" | "fail":
                nodes[name] = (kind, {}, {"box": one} if kind == "fail" else {})
        if kind == "length":
            numbers.append(f"{name}.value")
        else:
            boxes += [f"{name}.low", f"{name}.high"] if kind == "split" else [f"{name}.box"]
    workflow = wire(nodes)
    for name, node in list(workflow.nodes.items()):
        if rng.random() < 0.05:
            workflow.nodes[name] = Node(node.type, params=node.params, mode="mute")
    return workflow


@pytest.mark.parametrize("seed", range(40))
def test_what_is_foreseen_is_what_happens(tmp_path: Path, seed: int) -> None:
    """Runs of random workflows and of random changes to them, on one cache."""
    rng = random.Random(seed)
    bench = Bench(tmp_path)
    workflow = any_workflow(rng)
    for _ in range(6):
        targets = [rng.choice(list(workflow.nodes))] if rng.random() < 0.3 else []
        check(bench, workflow, *targets)
        name = rng.choice(list(workflow.nodes))
        known = {param.name for param in PACK.catalogue.nodes[workflow.nodes[name].type].params}
        for param in known & CHANGES.keys():
            SetParam(name, param, rng.choice(CHANGES[param])).apply(workflow)


class Starter:
    """The starter workflow on a session with a disk tier."""

    def __init__(self, output: Path, disk: DiskStore) -> None:
        self.session, self.output = WorkflowRunner(disk=disk), output

    def check(self, *targets: str, **settings: object) -> dict[str, str]:
        workflow = load(STARTER)
        for address, value in settings.items():
            SetParam(*address.split("__"), value).apply(workflow)  # type: ignore[call-arg]
        run = RunRequest.of(workflow, STARTER.parent, self.output, targets, device="cpu")
        foreseen = {node.node: node for node in self.session.forecast(run)}
        events = list(self.session.run(run))
        started = {event.node for event in events if isinstance(event, NodeStarted)}
        assert started == {name for name, node in foreseen.items() if node.state == "run"}
        self.expected = events[0].expected
        self.foreseen = foreseen
        return {name: node.state for name, node in foreseen.items()}


def test_the_starter_workflow_is_foreseen(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path / "results", 2**30)
    first = Starter(tmp_path / "pictures", disk)
    assert set(first.check(scheduler__steps=3).values()) == {"run"}
    assert {name for name, state in first.check(scheduler__steps=3).items() if state == "cached"} == {"save"}
    first.check(scheduler__steps=3, prompt__text="a yellow fish")
    assert first.foreseen["sampler"].basis == "alike"
    assert first.foreseen["sampler"].seconds == first.expected["sampler"] > 0
    assert first.foreseen["model"].state == "cached"
    assert "model" not in first.expected
    first.check(scheduler__steps=4)
    assert first.foreseen["sampler"].basis == "kind"
    second = Starter(tmp_path / "pictures", disk)
    again = second.check(scheduler__steps=3)
    assert "run" not in again.values()
    assert second.check("decode", scheduler__steps=3, guidance__scale=2.0)["model"] == "run"
    for path in (tmp_path / "pictures").glob("*.png"):
        path.unlink()
    assert second.check(scheduler__steps=3)["save"] == "run"
