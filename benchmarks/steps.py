"""Gain and cost of keeping the steps of a sampling loop.

``python -m benchmarks.steps`` prints two tables. First the starter workflow with guidance changed from the middle of
its 30 steps on, for every scheduler: a full run, the same after a run without the change, and after a restart, with
nothing but what is on disk, a change to yet another scale; both against full runs that share nothing. Then the loop
with its steps kept (in memory, and on disk in the pace of the app) against the loop without, step by step in turns in
one process, on a U-Net with random weights and on one that does nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.sampling import Nothing, Watch, network, ratio
from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.execution.step_cache import StepRun, StepStore
from nodeflow.engine.protocol.events import NodeFinished, NodeProgress
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.node import Steps
from nodeflow.resources import folder
from nodeflow.wires import Conditioning, DiffusionNetwork, LatentFormat, Noise, Trajectory
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import KINDS

STARTER = folder("workflows") / "latent-diffusion.json"
WORDS = 77


def workflow(kind: str, steps: int, change: int = 0, scale: float = 0.0) -> Workflow:
    """The starter with another scheduler; where ``change`` is not 0, guidance of another scale from that step on."""
    made = load(STARTER)
    SetParam("scheduler", "kind", kind).apply(made)
    SetParam("scheduler", "steps", steps).apply(made)
    if change:
        first = made.nodes["guidance"]
        made.nodes["later"] = Node(first.type, params={"scale": scale})
        made.nodes["change"] = Node("nodes.change_guidance", params={"step": change})
        wires = [
            Link("denoiser", "denoiser", "later", "denoiser"),
            Link("prompt", "conditioning", "later", "positive"),
            Link("negative", "conditioning", "later", "negative"),
            Link("guidance", "guider", "change", "before"),
            Link("later", "guider", "change", "after"),
            Link("change", "guider", "sampler", "guider"),
        ]
        made.links.update((wire.socket, wire) for wire in wires)
    return made


class Ran(NamedTuple):
    """A run of the sampler: how many steps it computed, of how many, its seconds, and what it gave."""

    computed: int
    steps: int
    seconds: float
    x: tuple[torch.Tensor, ...]

    def __str__(self) -> str:
        return f"{self.computed:3} of {self.steps} steps {self.seconds:7.3f} s"


def run(session: WorkflowRunner, made: Workflow) -> Ran:
    """Run to the sampler."""
    events = list(session.run(RunRequest.of(made, STARTER.parent, Path(), ("sampler",), device="cpu")))
    (done,) = (event for event in events if isinstance(event, NodeFinished) and event.node == "sampler")
    computed = sum(isinstance(event, NodeProgress) for event in events)
    trajectory: Trajectory = session.executor.value("sampler", "trajectory")
    return Ran(computed, done.steps, done.seconds, (*trajectory.x, *trajectory.original))


def same(one: Ran, other: Ran) -> str:
    """Return whether two runs gave the same, bit by bit, at every step."""
    alike = len(one.x) == len(other.x) and all(map(torch.equal, one.x, other.x))
    return "identical" if alike else "DIFFERENT"


def savings(steps: int) -> None:
    """The first table."""
    print(f"starter model, {steps} steps, guidance changed from the middle on; seconds of the sampler alone\n")
    print(f"{'':17} {'full run':28} {'after a run without the change':39} to another scale after a restart")
    run(WorkflowRunner(), workflow("DDIM", 2))  # loads libraries
    for kind in KINDS:
        if kind == "Flow-match Euler":
            continue  # the starter predicts v
        timesteps = 2 * steps - 1 if kind == "Heun" else steps + 1 if kind == "PNDM" else steps
        change = timesteps // 2
        made, other = (workflow(kind, steps, change, scale) for scale in (7.0, 4.0))
        with tempfile.TemporaryDirectory() as place:
            keeping = WorkflowRunner(disk=DiskStore(Path(place), 2**30))
            run(keeping, workflow(kind, steps))
            changed, full = run(keeping, made), run(WorkflowRunner(), made)
            restarted = run(WorkflowRunner(disk=DiskStore(Path(place), 2**30)), other)
        alike = same(changed, full), same(restarted, run(WorkflowRunner(), other))
        print(f"{kind:16}  {full}  {changed}  {alike[0]}  {restarted}  {alike[1]}", flush=True)


# --- the cost


class Timed(StepRun):
    """Steps that are kept, and the seconds that keeping them takes."""

    def __init__(self, store: StepStore) -> None:
        super().__init__(store, "nodes.sample@1")
        self.spent = 0.0

    def keep(self, state: object, made: object) -> None:
        begin = time.perf_counter()
        super().keep(state, made)
        self.spent += time.perf_counter() - begin


def loop(unet: Any, kind: str, steps: int, side: int, keep: Steps) -> Generator[None, None, torch.Tensor]:
    tokens = torch.randn(2, WORDS, 768, generator=torch.Generator().manual_seed(1))
    denoiser = unet_denoiser(DiffusionNetwork(unet, LatentFormat(4, 8, side), "epsilon"))
    guider = classifier_free_guidance(denoiser, Conditioning(tokens[1:]), Conditioning(tokens[:1]), 7.5)
    sampled = yield from sample(guider, scheduler(None, kind, steps), Noise((0,)), steps=keep)  # type: ignore[arg-type, misc]
    return sampled.latent.samples


def compare(unet: Any, kind: str, steps: int, side: int, repeats: int, disk: DiskStore) -> tuple[Watch, Watch, float]:
    """The loop without and with its steps kept, in turns: times of every step, and the share that keeping took."""
    totals = Watch(iter(())), Watch(iter(()))  # type: ignore[arg-type]
    spent = 0.0
    for turn in range(repeats + 1):
        store = StepStore({"cpu": 2**33}, disk)
        store.identities.learn(turn.to_bytes(4, "big"), (unet,))
        keep = Timed(store)
        pair = Watch(loop(unet, kind, steps, side, Steps())), Watch(loop(unet, kind, steps, side, keep))
        for step in range(steps):
            for watch in pair if (turn + step) % 2 else reversed(pair):
                watch.step()
        for watch in pair:
            watch.finish()
        assert torch.equal(pair[0].result, pair[1].result), "the loops must give the same"
        assert len(store) == steps
        if turn:  # the first warms up
            spent += keep.spent
            for total, watch in zip(totals, pair, strict=True):
                total.wall += watch.wall
                total.cpu += watch.cpu
    return *totals, spent / sum(totals[0].wall)


def costs(width: int, side: int, steps: int, repeats: int) -> None:
    """The second table."""
    torch.set_num_threads(1)
    unet = network(width)
    parameters = sum(weight.numel() for weight in unet.parameters()) / 1e6
    print(f"\nU-Net of {parameters:.0f} million parameters, latent {side} x {side}, one thread;")
    print(f"{repeats} runs of {steps} steps with and without keeping them; medians of pairs of steps\n")
    print(f"{'':17} {'without':>10} {'kept':>10} {'ratio':>8} {'ratio, CPU':>11} {'time spent keeping':>19}")
    with tempfile.TemporaryDirectory() as place:
        disk = DiskStore(Path(place), 2**30)
        for kind in ("DDIM", "DPM++ 2M SDE"):
            off, on, share = compare(unet, kind, steps, side, repeats, disk)
            print(
                f"{kind:16}  {statistics.median(off.wall):8.3f} s {statistics.median(on.wall):8.3f} s "
                f"{ratio(on.wall, off.wall):8.4f} {ratio(on.cpu, off.cpu):11.4f} {100 * share:17.2f} %",
                flush=True,
            )
        off, on, _ = compare(Nothing(), "DDIM", 200, side, 10, disk)
        more = 1e6 * (statistics.median(on.wall) - statistics.median(off.wall))
    print(f"\nbeside a network that does nothing, a step that is kept takes {more:.0f} microseconds more")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--width", type=int, default=128, help="width of the first block; Stable Diffusion 1.5 has 320")
    parser.add_argument("--side", type=int, default=32, help="side of the latent; 64 is an image of 512 pixels")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    savings(options.steps)
    costs(options.width, options.side, 10, options.repeats)


if __name__ == "__main__":
    main()
