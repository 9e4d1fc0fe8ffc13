"""Exponential integrators of several stages on the reverse SDE, and on its ODE."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from torch import Tensor

from nodes.samplers.solvers.registry import Asking, SamplerStep, sampler
from nodes.samplers.solvers.space import below_pure_noise

POINTS = 200
"""How many points stand for the integrals of ER-SDE."""


def phi_2(h: float) -> float:
    """h phi_2(h) of exponential integrators."""
    return (math.expm1(h) - h) / h


class _SeedsStages:
    """Hold what the stages of a SEEDS step share: x carried to a level between, and the noise that came up to it."""

    def __init__(self, step: SamplerStep, eta: float, s_noise: float) -> None:
        space = step.space
        self.step, self.eta, self.s_noise = step, eta, s_noise
        self.start = space.half_log_snr(step.sigma)
        self.h = space.half_log_snr(step.next) - self.start
        self.reach = self.h * (1 + eta)
        self._noise: Tensor | None = None
        self._drawn = 0.0
        """How far, as a share of the step, noise has been drawn."""

    def level(self, r: float) -> float:
        return self.step.next if r == 1 else self.step.space.sigma(self.start + r * self.h)

    def at(self, r: float, predicted: Tensor) -> Tensor:
        """x at a share of the step, of what is predicted there of x_0, weighed, and of noise."""
        sigma = self.level(r)
        x = self.step.x * (sigma / self.step.sigma * math.exp(-r * self.h * self.eta))
        x = x - predicted * self.step.space.alpha(sigma)
        if not (self.eta and self.s_noise):
            return x
        gone = (self._drawn - r) * self.h * self.eta
        fresh = self.step.draw() * math.sqrt(-math.expm1(2 * gone))
        self._noise = fresh if self._noise is None else self._noise * math.exp(gone) + fresh
        self._drawn = r
        return x + self._noise * (sigma * self.s_noise)


@sampler("exp_heun_2_x0", order=2, levels=below_pure_noise, eta=0.0, s_noise=0.0, r=1.0, solver_type="phi_2")
@sampler("exp_heun_2_x0_sde", order=2, random=True, levels=below_pure_noise, r=1.0, solver_type="phi_2")
@sampler("seeds_2", order=2, random=True, levels=below_pure_noise)
def seeds_2(
    step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0, r: float = 0.5, solver_type: str = "phi_1"
) -> Asking:
    """Gonzalez et al. 2023, SEEDS (arXiv:2305.14267), two stages; with r = 1 Heun's in exponential form."""
    D = yield step.x, step.sigma
    if step.next == 0:
        return D
    stages = _SeedsStages(step, eta, s_noise)
    D_2 = yield stages.at(r, D * math.expm1(-r * stages.reach)), stages.level(r)
    whole = math.expm1(-stages.reach)
    b_2 = phi_2(-stages.reach) / r if solver_type == "phi_2" else whole / (2 * r)
    return stages.at(1.0, D * (whole - b_2) + D_2 * b_2)


@sampler("seeds_3", order=3, random=True, levels=below_pure_noise)
def seeds_3(
    step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0, r_1: float = 1 / 3, r_2: float = 2 / 3
) -> Asking:
    """Gonzalez et al. 2023, SEEDS (arXiv:2305.14267), algorithm 4: three stages."""
    D = yield step.x, step.sigma
    if step.next == 0:
        return D
    stages = _SeedsStages(step, eta, s_noise)
    D_2 = yield stages.at(r_1, D * math.expm1(-r_1 * stages.reach)), stages.level(r_1)
    a_2 = r_2 / r_1 * phi_2(-r_2 * stages.reach)
    D_3 = yield stages.at(r_2, D * (math.expm1(-r_2 * stages.reach) - a_2) + D_2 * a_2), stages.level(r_2)
    b_3 = phi_2(-stages.reach) / r_2
    return stages.at(1.0, D * (math.expm1(-stages.reach) - b_3) + D_3 * b_3)


@sampler("er_sde", order=1, random=True, levels=below_pure_noise)
def er_sde(step: SamplerStep, *, s_noise: float = 1.0, order: int = 3) -> Asking:
    """Cui et al. 2023, ER-SDE-Solver-3 (arXiv:2309.06169), algorithm 3: Taylor's terms of what was foreseen."""
    D = yield step.x, step.sigma
    step.remember(D)
    if step.next == 0:
        return D
    space = step.space
    levels = [space.ratio(step.sigmas[step.index - back]) for back in range(min(len(step.past), 2) + 1)]
    now, next = levels[0], space.ratio(step.next)
    alpha, r = space.alpha(step.next), float(_scaled(next) / _scaled(now))
    x = step.x * (alpha / space.alpha(step.sigma) * r) + D * (alpha * (1 - r))
    dt, width = next - now, (now - next) / POINTS
    points = next + np.arange(POINTS) * width
    if step.past and order >= 2:
        slope = (D - step.past[0]) / (now - levels[1])
        x = x + slope * (alpha * (dt + float((1 / _scaled(points)).sum()) * width * float(_scaled(next))))
    if len(step.past) >= 2 and order >= 3:
        before = (step.past[0] - step.past[1]) / (levels[1] - levels[2])
        bend = (slope - before) / ((now - levels[2]) / 2)
        area = float(((points - now) / _scaled(points)).sum()) * width
        x = x + bend * (alpha * (dt**2 / 2 + area * float(_scaled(next))))
    deviation = math.sqrt(max(next**2 - (now * r) ** 2, 0.0))
    return x + step.draw() * (alpha * s_noise * deviation) if s_noise else x


def _scaled(ratio: Any) -> Any:
    """The paper's noise scale function ER-SDE 5, eq. 28, of numbers or arrays."""
    return ratio * (np.exp(ratio**0.3) + 10)
