"""A thousand steps of Euler by our node and by k-diffusion's function, in turns, on a denoiser that costs nothing.

``python -m benchmarks.euler_steps``: k-diffusion 0.1.1 is taken from the path (``pip install --no-deps
k-diffusion==0.1.1 torchdiffeq``, into any folder on it). Both foresee the same and end alike. Prints microseconds a
step and the ratio, the median over pairs of runs that came one after the other.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from benchmarks.samplers import kdiffusion
from nodeflow.wires import Conditioning, LatentFormat, Noise, Prediction, Schedule
from nodes.guidance.classifier_free import no_guidance
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.edit_sigmas import manual_sigmas
from nodes.schedulers.sampler_schedules import sigmas_schedule
from nodes.schedulers.sigmas.spacings import karras_between


@dataclass(frozen=True, eq=False)
class NoDenoiser:
    """Foresees zeros that are there already."""

    zeros: Tensor
    prediction: Prediction = "sample"
    device = torch.device("cpu")
    dtype = torch.float32
    learned_variance = False

    @property
    def format(self) -> LatentFormat:
        return LatentFormat(self.zeros.shape[1], 8, self.zeros.shape[2])

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        return self.zeros


def ours(schedule: Schedule, guider: Any, record: Any) -> Tensor:
    running = sample(guider, schedule, Noise((0,)), record=record)
    while True:
        try:
            next(running)
        except StopIteration as end:
            found: Tensor = end.value.latent.samples
            return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--side", type=int, default=64, help="side of the latent; 64 is an image of 512 pixels")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    package = kdiffusion()
    if package is None:
        parser.error("k-diffusion cannot be imported; put it on the path")
    zeros = torch.zeros(1, 4, options.side, options.side)
    sigmas = karras_between(options.steps, 0.03, 14.6, 7.0)
    schedule = sigmas_schedule(manual_sigmas(", ".join(str(float(sigma)) for sigma in sigmas)), "euler")
    guider = no_guidance(NoDenoiser(zeros))
    x = torch.randn(zeros.shape, generator=torch.Generator().manual_seed(0)) * sigmas[0]

    def theirs() -> Tensor:
        with torch.no_grad():
            found: Tensor = package.sample_euler(lambda x, sigma: zeros, x, sigmas, disable=True)
        return found

    for record in ("nothing", "steps"):
        loops: dict[str, Any] = {"ours": lambda kept=record: ours(schedule, guider, kept), "theirs": theirs}
        times: dict[str, list[float]] = {name: [] for name in loops}
        for turn in range(options.pairs + 1):
            for name in sorted(loops, reverse=bool(turn % 2)):
                began = time.process_time()
                result = loops[name]()
                times[name].append(time.process_time() - began)
                assert float(result.abs().max()) < 1e-4
        kept = {name: found[1:] for name, found in times.items()}  # the first pair warmed up
        ratio = statistics.median(one / other for one, other in zip(kept["ours"], kept["theirs"], strict=True))
        each = {name: 1e6 * statistics.median(found) / options.steps for name, found in kept.items()}
        print(
            f"record {record:8} ours {each['ours']:.1f}, k-diffusion {each['theirs']:.1f} us a step, ratio {ratio:.3f}"
        )


if __name__ == "__main__":
    main()
