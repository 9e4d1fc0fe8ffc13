"""Random numbers that a picture starts from, and the forward diffusion."""

from __future__ import annotations

from typing import Annotated

import torch

from nodeflow.node import NodeError, Range, Seed, node
from nodeflow.wires import Latent, Noise, Schedule

SEEDS = 2**53
"""How many seeds there are; after the last comes 0."""


@node("Gaussian noise")
def gaussian_noise(
    seed: Annotated[int, Seed()] = 0,
    batch: Annotated[int, Range(1, 64)] = 1,
    width: Annotated[int, Range(0, 8192, 8)] = 0,
    height: Annotated[int, Range(0, 8192, 8)] = 0,
) -> Noise:
    """The random noise that pictures start from: one seed, one picture.

    A batch takes the seeds ``seed``, ``seed + 1``, ... so that each of its pictures can be had again alone. ``width``
    and ``height`` are those of the picture in pixels; 0 is the size that the model was trained at. The numbers are
    drawn on the CPU, so that every device starts from the same ones.
    """
    return Noise(tuple((seed + offset) % SEEDS for offset in range(batch)), width, height)


@node("Add noise")
def add_noise(latent: Latent, noise: Noise, schedule: Schedule, step: Annotated[int, Range(0, 2000)] = 0) -> Latent:
    """Forward diffusion: a clean latent with as much noise as the schedule has at a step.

    Step 0 has the most noise, the last step the least. A latent of one picture takes the noise of every seed; a batch
    (B, C, h, w) needs B seeds. Diffusion: x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise (Ho et al. 2020,
    arXiv:2006.11239, eq. 4); flow matching: x_t = (1 - s) x_0 + s noise (Lipman et al. 2023, arXiv:2210.02747).

    Fails when the schedule has no such step, or when the seeds do not match the batch.
    """
    x_0 = rows(latent.samples, len(noise.seeds))
    solver = schedule.begin("flow" if schedule.flow else "epsilon", x_0.device)
    if step >= len(solver.timesteps):
        raise NodeError(f"there is no step {step}; the schedule's steps are 0 to {len(solver.timesteps) - 1}")
    with torch.no_grad():
        drawn = draw(noise.generators(), tuple(x_0.shape[1:])).to(x_0.device, x_0.dtype)
        return Latent(solver.add_noise(x_0, drawn, step))


@node("Forward diffusion")
def forward_diffusion(
    latent: Latent, noise: Noise, schedule: Schedule, pictures: Annotated[int, Range(2, 64)] = 8
) -> Latent:
    """Shows how a picture drowns in noise: one latent at several moments of the forward diffusion.

    A latent (1, C, h, w) becomes a batch (pictures, C, h, w): the first is clean, the last is the schedule's noisiest
    step, the others lie evenly between, all with the noise of one seed. Decode them to see a row of pictures.

    Fails when the latent holds several pictures, or the noise several seeds, or the schedule fewer steps than are to
    be seen.
    Paper: Ho et al. 2020, Denoising Diffusion Probabilistic Models (arXiv:2006.11239), eq. 4.
    """
    if len(latent.samples) != 1 or len(noise.seeds) != 1:
        raise NodeError("one latent and one seed are wanted here, since the row shows one picture at several moments")
    solver = schedule.begin("flow" if schedule.flow else "epsilon", latent.samples.device)
    total = len(solver.timesteps)
    if total < pictures - 1:
        raise NodeError(f"the schedule has {total} steps, too few for {pictures} pictures; give it more")
    with torch.no_grad():
        x_0 = latent.samples
        drawn = draw(noise.generators(), tuple(x_0.shape[1:])).to(x_0.device, x_0.dtype)
        moments = torch.linspace(total - 1, 0, pictures - 1).round().int().tolist()
        return Latent(torch.cat([x_0, *(solver.add_noise(x_0, drawn, moment) for moment in moments)]))


def draw(generators: list[torch.Generator], shape: tuple[int, ...]) -> torch.Tensor:
    """Standard normal numbers (B, *shape), float32 on the CPU, one generator a row."""
    return torch.cat([torch.randn((1, *shape), generator=generator) for generator in generators])


def rows(samples: torch.Tensor, count: int) -> torch.Tensor:
    """A batch of ``count`` rows; a single row serves all. Raises NodeError where the numbers do not match."""
    if len(samples) == count:
        return samples
    if len(samples) == 1:
        return samples.expand(count, *samples.shape[1:])
    raise NodeError(f"the latent holds {len(samples)} pictures and the noise has {count} seeds; make them equal")
