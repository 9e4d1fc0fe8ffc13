"""Our sampling loop against the bare loop of a diffusers pipeline: same network, same scheduler, same numbers.

Run ``python -m benchmarks.sampling``. Both loops take turns in one process, step by step and every pair in the other
order than the one before, so that what else the machine does falls on both alike. Ours goes through the nodes, streams
every step with its estimate of x_0, and records the whole trajectory. Freed memory is kept, as in the worker. One
thread by default: threads wait for each other where another program computes too, and what is compared is one loop
with another.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Generator
from typing import Any

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, UNet2DConditionModel

from nodeflow.system import keep_freed_memory
from nodeflow.wires import Conditioning, DiffusionNetwork, LatentFormat, Noise
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION

SCALE = 7.5
WORDS = 77
KINDS: dict[str, Any] = {
    "DDIM": DDIMScheduler,
    "Euler": EulerDiscreteScheduler,
    "DPM++ 2M": DPMSolverMultistepScheduler,
}


class Nothing(torch.nn.Module):
    """A network that costs nothing, so that what a loop itself costs can be seen."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1), requires_grad=False)

    def forward(self, x: torch.Tensor, timestep: torch.Tensor, **rest: object) -> tuple[torch.Tensor]:
        return (x,)


def network(width: int) -> UNet2DConditionModel:
    """Stable Diffusion 1.5's U-Net with narrower blocks (320 is the original width) and random weights."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=32, block_out_channels=(width, 2 * width, 4 * width, 4 * width), cross_attention_dim=768
    )
    return unet.eval().requires_grad_(False)


def bare(unet: Any, kind: str, steps: int, side: int, tokens: torch.Tensor) -> Generator[None, None, torch.Tensor]:
    """The denoising loop of diffusers' StableDiffusionPipeline, without anything around it."""
    loop = KINDS[kind].from_config(dict(STABLE_DIFFUSION))
    loop.set_timesteps(steps)
    x = torch.randn((1, 4, side, side), generator=torch.Generator().manual_seed(0)) * loop.init_noise_sigma
    for timestep in loop.timesteps:
        with torch.no_grad():
            both = loop.scale_model_input(torch.cat([x] * 2), timestep)
            output = unet(both, timestep, encoder_hidden_states=tokens, return_dict=False)[0]
            without, with_text = output.chunk(2)
            guided = without + SCALE * (with_text - without)
            x = loop.step(guided, timestep, x, return_dict=False)[0]
        yield
    return x


def ours(unet: Any, kind: str, steps: int, side: int, tokens: torch.Tensor) -> Generator[None, None, torch.Tensor]:
    """The same through the nodes."""
    denoiser = unet_denoiser(DiffusionNetwork(unet, LatentFormat(4, 8, side), "epsilon"))
    guider = classifier_free_guidance(denoiser, Conditioning(tokens[1:]), Conditioning(tokens[:1]), SCALE)
    sampled = yield from sample(guider, scheduler(None, kind, steps), Noise((0,)))  # type: ignore[arg-type, misc]
    assert len(sampled.trajectory.original) == steps
    return sampled.latent.samples


class Watch:
    """A loop and the seconds of each of its steps, on the wall and on the processor; setting up counts as the first."""

    def __init__(self, loop: Generator[None, None, torch.Tensor]) -> None:
        self._loop = loop
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.result = torch.empty(0)

    def step(self) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        next(self._loop)
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)

    def finish(self) -> None:
        try:
            next(self._loop)
        except StopIteration as end:
            self.result = end.value


def compare(unet: Any, kind: str, steps: int, side: int, repeats: int) -> tuple[Watch, Watch]:
    """Both loops, step by step in turns, with the times of all steps of all runs."""
    tokens = torch.randn(2, WORDS, 768, generator=torch.Generator().manual_seed(1))
    pairs = []
    for turn in range(repeats + 1):
        pair = tuple(Watch(loop(unet, kind, steps, side, tokens)) for loop in (bare, ours))
        for step in range(steps):
            for watch in pair if (turn + step) % 2 else reversed(pair):
                watch.step()
        for watch in pair:
            watch.finish()
        assert torch.equal(pair[0].result, pair[1].result), "the loops must give the same"
        pairs.append(pair)
    first, second = pairs[1]  # the run before it warmed up
    for one, other in pairs[2:]:
        for into, more in ((first, one), (second, other)):
            into.wall += more.wall
            into.cpu += more.cpu
    return first, second


def ratio(ours: list[float], bare: list[float]) -> float:
    """The median over pairs of steps that ran one after the other."""
    return statistics.median(one / other for one, other in zip(ours, bare, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--width", type=int, default=128, help="width of the first block; Stable Diffusion 1.5 has 320")
    parser.add_argument("--side", type=int, default=32, help="side of the latent; 64 is an image of 512 pixels")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed_memory()  # as the worker does

    unet = network(options.width)
    parameters = sum(weight.numel() for weight in unet.parameters()) / 1e6
    print(f"U-Net of {parameters:.0f} million parameters, latent {options.side} x {options.side}, guidance {SCALE},")
    print(f"{options.repeats * options.steps} pairs of steps, {options.threads} thread(s); medians\n")
    print(f"{'':10} {'bare':>10} {'ours':>10} {'ratio':>8} {'ratio, CPU':>11}")
    for kind in KINDS:
        one, other = compare(unet, kind, options.steps, options.side, options.repeats)
        print(
            f"{kind:10} {statistics.median(one.wall):8.3f} s {statistics.median(other.wall):8.3f} s "
            f"{ratio(other.wall, one.wall):8.4f} {ratio(other.cpu, one.cpu):11.4f}",
            flush=True,
        )

    print("\na step with a network that does nothing, in microseconds of the processor: the hundredth that was fastest")
    print(f"{'':10} {'bare':>10} {'ours':>10} {'more':>8}")
    for kind in KINDS:
        pair = compare(Nothing(), kind, 200, 64, 10)
        times = [1e6 * statistics.quantiles(watch.cpu, n=100)[0] for watch in pair]
        print(f"{kind:10} {times[0]:10.0f} {times[1]:10.0f} {times[1] - times[0]:8.0f}", flush=True)


if __name__ == "__main__":
    main()
