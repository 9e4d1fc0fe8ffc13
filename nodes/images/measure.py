"""Numbers about images and schedules."""

from __future__ import annotations

from typing import NamedTuple

import torch

from nodeflow.node import NodeError, node
from nodeflow.wires import Curve, Image, Schedule

CPU = torch.device("cpu")


class Compared(NamedTuple):
    """Hold how far images are from others, in decibels, and where."""

    psnr: float
    difference: Image


@node("Compare images")
def compare_pictures(image: Image, reference: Image) -> Compared:
    """Says how near images are to others: the peak signal-to-noise ratio in decibels.

    Both are (B, 3, H, W) of one size; a single reference serves all. PSNR = -10 log10 of the mean squared error, with
    colours from 0 to 1, averaged over the images: above 30 the eye hardly sees a difference, and 100 is written for
    equal ones. ``difference`` is the absolute difference.

    Fails when the images have different sizes.
    """
    one, other = image.pixels, reference.pixels
    if one.shape[-2:] != other.shape[-2:] or len(other) not in (1, len(one)):
        sizes = " and ".join(" x ".join(map(str, pixels.shape)) for pixels in (one, other))
        raise NodeError(f"the images are {sizes}; make as many of the same size")
    difference = (one - other).abs()
    errors = difference.square().flatten(1).mean(1).clamp(min=1e-10)
    return Compared(float((-10 * errors.log10()).mean()), Image(difference))


class Levels(NamedTuple):
    """The noise of a schedule, step by step."""

    curve: Curve
    table: str


@node("Signal-to-noise curve")
def signal_to_noise(schedule: Schedule) -> Levels:
    """Shows how much of the image is left at each step of a schedule, in decibels.

    x_t = alpha x_0 + sigma noise has the signal-to-noise ratio alpha² / sigma²; ``curve`` has 10 log10 of it for each
    timestep, and ``table`` the same in words. Pure noise is -inf. Models see the whole curve in training, and sampling
    walks it from left to right.

    Paper: Kingma et al. 2021, Variational Diffusion Models (arXiv:2107.00630), section 3.1.
    """
    solver = schedule.begin("flow" if schedule.flow else "epsilon", CPU)
    sigmas = solver.sigmas[: len(solver.timesteps)].double()
    ratio = sigmas / (1 - sigmas) if schedule.flow else sigmas
    decibels = -20 * ratio.log10()
    times = solver.timesteps.double()
    lines = (f"step {n}, timestep {t:g}: {d:.1f} dB" for n, (t, d) in enumerate(zip(times, decibels, strict=True)))
    return Levels(Curve(times, decibels, "timestep", "signal-to-noise ratio in dB"), "\n".join(lines))
