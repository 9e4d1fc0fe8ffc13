"""DPM-Solver of up to three stages: in steps set beforehand, and in steps that it sets itself by its error."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
from torch import Tensor

from nodes.samplers.solvers.registry import Asking, SamplerStep, ancestral, sampler
from nodes.samplers.solvers.space import LevelSpace

NEAR = 1e-5
"""How near, in log sigma, the end must be to count as reached."""
Stage = Generator[tuple[Tensor, float], Tensor, Tensor]


def least(sigmas: list[float]) -> float:
    """The last level that has a logarithm."""
    return sigmas[-1] or sigmas[-2]


def even_levels(sigmas: list[float], space: LevelSpace) -> list[float]:
    """Levels of even steps in log sigma, each step of three calls, that ask as often as the schedule has steps."""
    if len(sigmas) < 2:
        return sigmas
    count = (len(sigmas) - 1) // 3 + 1
    first, last = math.log(sigmas[0]), math.log(least(sigmas))
    return [math.exp(first + (last - first) * index / count) for index in range(count + 1)]


class _SolverStages:
    """The stages of one step of DPM-Solver from t, whose slope is known, in the time t = -log sigma."""

    def __init__(self, x: Tensor, t: float, end: float, epsilon: Tensor) -> None:
        self.x, self.t, self.h, self.epsilon = x, t, end - t, epsilon
        self._epsilons: dict[float, Tensor] = {}

    def first(self, r: float = 1.0) -> Tensor:
        """Lu et al. 2022, eq. 3.7: first order, to a share of the step."""
        return self.x - self.epsilon * (self._sigma(r) * math.expm1(r * self.h))

    def slope(self, r: float, x: Tensor) -> Stage:
        """The noise that the denoiser sees at a share of the step; it is asked once."""
        if r not in self._epsilons:
            sigma = self._sigma(r)
            D = yield x, sigma
            self._epsilons[r] = (x - D) / sigma
        return self._epsilons[r]

    def second(self, r: float = 0.5) -> Stage:
        """Algorithm 1 (DPM-Solver-2)."""
        epsilon = yield from self.slope(r, self.first(r))
        return self.first() - (epsilon - self.epsilon) * (self._sigma(1) / (2 * r) * math.expm1(self.h))

    def third(self, r_1: float = 1 / 3, r_2: float = 2 / 3) -> Stage:
        """Algorithm 2 (DPM-Solver-3)."""
        epsilon = yield from self.slope(r_1, self.first(r_1))
        bend = math.expm1(r_2 * self.h) / (r_2 * self.h) - 1
        x = self.first(r_2) - (epsilon - self.epsilon) * (self._sigma(r_2) * r_2 / r_1 * bend)
        epsilon = yield from self.slope(r_2, x)
        bend = math.expm1(self.h) / self.h - 1
        return self.first() - (epsilon - self.epsilon) * (self._sigma(1) / r_2 * bend)

    def _sigma(self, r: float) -> float:
        return math.exp(-(self.t + r * self.h))


def _below(sigma: float, next: float, last: float, eta: float) -> tuple[float, float]:
    """The level to step down to, not below the last one, and the noise back up."""
    down = max(ancestral(sigma, next, eta)[0], last)
    return down, math.sqrt(max(next**2 - down**2, 0.0)) if eta else 0.0


@sampler("dpm_fast", order=2, above_nothing=True, levels=even_levels)
def dpm_fast(step: SamplerStep, *, fast_eta: float = 0.0, s_noise: float = 1.0) -> Asking:
    """Lu et al. 2022, DPM-Solver (arXiv:2206.00927), DPM-Solver-fast: third order but for what is left at the end."""
    asked, sigma = len(step.given) - 1, step.sigma
    D = yield step.x, sigma
    down, up = _below(sigma, step.next, step.sigmas[-1], fast_eta)
    stages = _SolverStages(step.x, -math.log(sigma), -math.log(down), (step.x - D) / sigma)
    left = len(step.sigmas) - 1 - step.index
    order = asked % 3 if asked % 3 and left == 1 else min(left, 3) if not asked % 3 else 3
    x = stages.first()
    if order > 1:
        x = yield from stages.second() if order == 2 else stages.third()
    return x + step.draw() * (up * s_noise) if up else x


@sampler("dpm_adaptive", order=3, above_nothing=True, adaptive=True)
def dpm_adaptive(
    step: SamplerStep,
    *,
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    adaptive_eta: float = 0.0,
    s_noise: float = 1.0,
) -> Asking:
    """Lu et al. 2022, DPM-Solver (arXiv:2206.00927), app. C: two orders, whose difference sets the step."""
    x, sigma, last = step.x, step.sigma, least(step.given)
    end = _time(last)
    low, h, errors, t = step.past[0] if step.past else (x, h_init, (), _time(sigma))
    before, degree = low, 1.5 if adaptive_eta else order
    powers = (pcoeff + icoeff + dcoeff) / degree, -(pcoeff + 2 * dcoeff) / degree, dcoeff / degree
    D = yield x, sigma
    while True:
        goal = min(end, single(t + h))
        down, up = _below(sigma, math.exp(-goal), last, adaptive_eta)
        stages = _SolverStages(x, t, _time(down) if up else goal, (x - D) / sigma)
        if order == 2:
            low, high = stages.first(), (yield from stages.second())
        else:
            low = yield from stages.second(1 / 3)
            high = yield from stages.third()
        scale = (low.abs().maximum(before.abs()) * rtol).clamp(min=atol)
        inverse = 1 / (float(((low - high) / scale).square().mean().sqrt()) + 1e-8)
        errors = (inverse, *(errors[1:] or (inverse, inverse)))
        factor = math.prod(error**power for error, power in zip(errors, powers, strict=True))
        factor = 1 + math.atan(factor - 1)
        h *= factor
        if factor >= accept_safety:
            break
    step.arrived = last if goal > end - NEAR else single(math.exp(-goal))
    step.remember((low, h, (errors[0], errors[0], errors[1]), goal))
    return high + step.draw() * (up * s_noise) if up else high


def single(value: float) -> float:
    """A number in single precision, as the field's programs count: the error decides on the next step."""
    return float(np.float32(value))


def _time(sigma: float) -> float:
    return single(-math.log(sigma))
