"""Our sampling loop against the bare loop of a diffusers pipeline: same network, same scheduler, same numbers.

Run ``python -m benchmarks.sampling``. Both loops take turns in one process, each pair in the other order than the pair
before, so that what else the machine does falls on both alike. Ours goes through the nodes, streams every step with
its estimate of x_0, and records the whole trajectory. One thread by default: threads wait for each other where another
program computes too, and what is compared is one loop with another.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, UNet2DConditionModel

from nodeflow.wires import Conditioning, DiffusionNetwork, LatentFormat, Noise
from nodes.denoise import unet_denoiser
from nodes.guidance import classifier_free_guidance
from nodes.sample import sample
from nodes.schedule import scheduler
from nodes.solvers import STABLE_DIFFUSION

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


def bare(unet: Any, kind: str, steps: int, side: int, tokens: torch.Tensor) -> torch.Tensor:
    """The denoising loop of diffusers' StableDiffusionPipeline, without anything around it."""
    loop = KINDS[kind].from_config(dict(STABLE_DIFFUSION))
    loop.set_timesteps(steps)
    with torch.no_grad():
        x = torch.randn((1, 4, side, side), generator=torch.Generator().manual_seed(0)) * loop.init_noise_sigma
        for timestep in loop.timesteps:
            both = loop.scale_model_input(torch.cat([x] * 2), timestep)
            output = unet(both, timestep, encoder_hidden_states=tokens, return_dict=False)[0]
            without, with_text = output.chunk(2)
            guided = without + SCALE * (with_text - without)
            x = loop.step(guided, timestep, x, return_dict=False)[0]
    return x


def ours(unet: Any, kind: str, steps: int, side: int, tokens: torch.Tensor) -> torch.Tensor:
    """The same through the nodes."""
    denoiser = unet_denoiser(DiffusionNetwork(unet, LatentFormat(4, 8, side), "epsilon"))
    guider = classifier_free_guidance(denoiser, Conditioning(tokens[1:]), Conditioning(tokens[:1]), SCALE)
    running = sample(guider, scheduler(None, kind, steps), Noise((0,)))  # type: ignore[arg-type]
    while True:
        try:
            next(running)
        except StopIteration as end:
            sampled = end.value
            assert len(sampled.trajectory.original) == steps
            found: torch.Tensor = sampled.latent.samples
            return found


def measure(loop: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall and on the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    loop()
    return time.perf_counter() - wall, time.process_time() - cpu


def compare(unet: Any, kind: str, steps: int, side: int, repeats: int) -> list[tuple[float, float, float, float]]:
    """For each pair of runs: seconds a step of the bare loop and of ours, on the wall and on the processor."""
    tokens = torch.randn(2, WORDS, 768, generator=torch.Generator().manual_seed(1))
    difference = (bare(unet, kind, steps, side, tokens) - ours(unet, kind, steps, side, tokens)).abs().max()
    assert float(difference) == 0, f"the loops differ by {float(difference)}"
    pairs = []
    for turn in range(repeats):
        found = {}
        for loop in (bare, ours) if turn % 2 else (ours, bare):
            found[loop] = measure(lambda loop=loop: loop(unet, kind, steps, side, tokens))
        times = (*found[bare], *found[ours])
        pairs.append((times[0] / steps, times[2] / steps, times[1] / steps, times[3] / steps))
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--width", type=int, default=128, help="width of the first block; Stable Diffusion 1.5 has 320")
    parser.add_argument("--side", type=int, default=32, help="side of the latent; 64 is a picture of 512 pixels")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    unet = network(options.width)
    parameters = sum(weight.numel() for weight in unet.parameters()) / 1e6
    print(f"U-Net of {parameters:.0f} million parameters, latent {options.side} x {options.side}, guidance {SCALE},")
    print(f"{options.repeats} pairs of runs of {options.steps} steps, {options.threads} thread(s); medians\n")
    print(f"{'':10} {'bare':>10} {'ours':>10} {'ratio':>8} {'lowest':>8} {'highest':>8} {'ratio, CPU':>11}")
    for kind in KINDS:
        pairs = compare(unet, kind, options.steps, options.side, options.repeats)
        ratios = [pair[1] / pair[0] for pair in pairs]
        on_cpu = statistics.median(pair[3] / pair[2] for pair in pairs)
        one, other = (statistics.median(pair[column] for pair in pairs) for column in (0, 1))
        print(
            f"{kind:10} {one:8.3f} s {other:8.3f} s {statistics.median(ratios):8.4f} {min(ratios):8.4f} "
            f"{max(ratios):8.4f} {on_cpu:11.4f}",
            flush=True,
        )

    print("\na step with a network that does nothing, in microseconds")
    print(f"{'':10} {'bare':>10} {'ours':>10} {'more':>8}")
    for kind in KINDS:
        pairs = compare(Nothing(), kind, 200, 64, 15)
        one, other = (1e6 * statistics.median(pair[column] for pair in pairs) for column in (2, 3))
        print(f"{kind:10} {one:10.0f} {other:10.0f} {other - one:8.0f}", flush=True)


if __name__ == "__main__":
    main()
