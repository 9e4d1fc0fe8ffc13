"""Ways between points and noise, and what a network's prediction means on them. No nodes here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from nodeflow.wires import NoisePath, PlaneModel, Points
from nodes.networks.live_training import perceptron

EARLIEST, LATEST = 0.01, 0.985
"""The times between which a diffusion is walked: at 0 the score is infinite, at 1 nothing is left of x_0."""
FREQUENCIES = (1.0, 2.0, 4.0, 8.0)
"""Of the waves that tell a network the time, in quarter turns."""
AT_ONCE = 1024
"""Places at which the exact mean is taken at once."""


class Moment(NamedTuple):
    """Hold x_t = alpha x_0 + sigma noise at a time, and how fast both change with it; each (N, 1)."""

    alpha: Tensor
    sigma: Tensor
    alpha_rate: Tensor
    sigma_rate: Tensor


def moment(path: NoisePath, time: Tensor) -> Moment:
    """The path at times (N,)."""
    t = time[:, None]
    if path == "straight":
        return Moment(1 - t, t, -torch.ones_like(t), torch.ones_like(t))
    turn = math.pi / 2
    cosine, sine = (turn * t).cos(), (turn * t).sin()
    return Moment(cosine, sine, -turn * sine, turn * cosine)


class TimedPerceptron(torch.nn.Module):
    """A perceptron of places (N, 2) and times (N,)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = perceptron(2 + 2 * len(FREQUENCIES), 2, width)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        angles = time[:, None] * torch.tensor(FREQUENCIES) * math.pi / 2
        found: Tensor = self.body(torch.cat([x, angles.sin(), angles.cos()], 1))
        return found


class Meaning(NamedTuple):
    """What a prediction at x_t means, each (N, 2).

    ``velocity`` is dx/dt of the probability-flow ODE, ``score`` the gradient of log p_t(x).
    """

    x_0: Tensor
    noise: Tensor
    velocity: Tensor
    score: Tensor


def meaning(model: PlaneModel, x: Tensor, time: Tensor) -> Meaning:
    """What a model foresees at places (N, 2) and times (N,)."""
    with torch.no_grad():
        output = model.module(x, time)
    at = moment(model.path, time)
    if model.path == "straight":
        x_0, noise = x - at.sigma * output, x + at.alpha * output
    else:
        x_0, noise = (x - at.sigma * output) / at.alpha, output
    return _of(at, x_0, noise)


def exact(points: Points, path: NoisePath, x: Tensor, time: Tensor) -> Meaning:
    """What the best of all networks would foresee, which knows just these points: the mean of x_0 given x_t.

    Karras et al. 2022 (arXiv:2206.00364), appendix B.3: each point counts by how likely x_t came from it.
    """
    parts = []
    at = moment(path, time)
    for begin in range(0, len(x), AT_ONCE):
        rows = slice(begin, begin + AT_ONCE)
        away = (x[rows, None] - at.alpha[rows, None] * points.values).square().sum(-1)
        parts.append((-away / (2 * at.sigma[rows].square())).softmax(1) @ points.values)
    x_0 = torch.cat(parts)
    return _of(at, x_0, (x - at.alpha * x_0) / at.sigma)


def _of(at: Moment, x_0: Tensor, noise: Tensor) -> Meaning:
    return Meaning(x_0, noise, at.alpha_rate * x_0 + at.sigma_rate * noise, -noise / at.sigma)


@dataclass(frozen=True)
class Walk:
    """Steps from noise to points along a path, on the probability-flow ODE or on the reverse SDE.

    Song et al. 2021 (arXiv:2011.13456), section 4; for other paths Ma et al. 2024, SiT (arXiv:2401.08740), section 2.3.
    """

    model: PlaneModel
    times: tuple[float, ...]
    random: torch.Generator | None = None
    """What draws the fresh noise of the SDE; none for the ODE."""

    def step(self, x: Tensor, index: int) -> Tensor:
        """x (N, 2) one step nearer to the points."""
        now, then = self.times[index], self.times[index + 1]
        time = torch.full((len(x),), now)
        seen, width = meaning(self.model, x, time), now - then
        if self.random is None:
            return x - width * seen.velocity
        at = moment(self.model.path, time)
        spread = 2 * at.sigma * (at.sigma_rate - at.alpha_rate / at.alpha * at.sigma)  # g² of the forward SDE
        fresh = torch.randn(x.shape, generator=self.random)
        return x - width * (seen.velocity - 0.5 * spread * seen.score) + (spread * width).sqrt() * fresh


def times_of(steps: int) -> tuple[float, ...]:
    """So many steps of equal length from noise to points."""
    return tuple(torch.linspace(LATEST, EARLIEST, steps + 1).tolist())


def langevin(model: PlaneModel, x: Tensor, time: float, size: float, random: torch.Generator) -> Tensor:
    """A step of Langevin dynamics at a noise level: Song & Ermon 2019 (arXiv:1907.05600), eq. 4.

    x + a / 2 score + sqrt(a) noise, where a = ``size`` sigma², as in their algorithm 1.
    """
    now = torch.full((len(x),), time)
    step = size * float(moment(model.path, now[:1]).sigma) ** 2
    fresh = torch.randn(x.shape, generator=random)
    return x + step / 2 * meaning(model, x, now).score + math.sqrt(step) * fresh
