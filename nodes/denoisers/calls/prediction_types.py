"""Between what a network predicts and the clean image that it means. No nodes here."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Denoiser, Prediction, Schedule


class NoiseLevel(NamedTuple):
    """Hold how much signal and noise the denoiser's input has at a step: x = alpha x_0 + sigma noise."""

    alpha: float
    sigma: float


def levels(schedule: Schedule, denoiser: Denoiser) -> tuple[NoiseLevel, ...]:
    """The levels of each step of a schedule, as the denoiser sees x. Raises NodeError where the two do not fit."""
    ratios = schedule.begin(denoiser.prediction, denoiser.device, denoiser.learned_variance).sigmas[:-1].tolist()
    if denoiser.prediction == "flow":
        return tuple(NoiseLevel(1 - ratio, ratio) for ratio in ratios)
    return tuple(
        NoiseLevel(1 / math.hypot(1, ratio), ratio / math.hypot(1, ratio))
        if math.isfinite(ratio)
        else NoiseLevel(0.0, 1.0)
        for ratio in ratios
    )


def level_at(known: tuple[NoiseLevel, ...], index: int, total: int) -> NoiseLevel:
    """The level of a step. Raises NodeError where the sampler goes along another schedule."""
    if len(known) != total:
        raise NodeError(
            f"the guidance has a schedule of {len(known)} steps and the sampler one of {total}; wire the same to both"
        )
    return known[index]


def original(prediction: Prediction, output: Tensor, x: Tensor, level: NoiseLevel) -> Tensor:
    """The clean image x_0 that an output for x means, each (B, C, h, w).

    Where there is no signal at all, a predicted noise says nothing of x_0, and this divides by zero.
    """
    alpha, sigma = level
    if prediction == "sample":
        return output
    if prediction == "flow":
        return x - sigma * output
    return (x - sigma * output) / alpha if prediction == "epsilon" else alpha * x - sigma * output


def output_for(prediction: Prediction, x_0: Tensor, x: Tensor, level: NoiseLevel) -> Tensor:
    """The output for x that means a clean image x_0, each (B, C, h, w): the inverse of `original`."""
    alpha, sigma = level
    if prediction == "sample":
        return x_0
    if prediction == "flow":
        return (x - x_0) / sigma
    return (x - alpha * x_0) / sigma if prediction == "epsilon" else (alpha * x - x_0) / sigma
