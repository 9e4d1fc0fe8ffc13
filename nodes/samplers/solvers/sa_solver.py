"""The stochastic Adams solver: a step that is foreseen, and then corrected by what the denoiser says there."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from torch import Tensor

from nodes.samplers.solvers.multistep import weighed
from nodes.samplers.solvers.registry import Asking, SamplerStep, sampler
from nodes.samplers.solvers.space import below_pure_noise

NOISY = 0.2, 0.8
"""The share of the way between which noise is drawn."""


class _Before(NamedTuple):
    """Hold what a step leaves for the next: x_0, the corrected x, and the noise that was added, if any."""

    x_0: Tensor
    x: Tensor
    noise: Tensor | None


@sampler("sa_solver", order=3, random=True, levels=below_pure_noise, pece=False)
@sampler("sa_solver_pece", order=3, random=True, levels=below_pure_noise, pece=True)
def sa_solver(
    step: SamplerStep,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    order: int = 3,
    corrector_order: int = 4,
    pece: bool = False,
) -> Asking:
    """Xue et al. 2023, SA-Solver (arXiv:2309.05019), algorithm 1; ``pece`` asks again after the correction."""
    sigmas, index, x = step.sigmas, step.index, step.x
    past = [_Before(*one) for one in step.past]
    D = yield x, step.sigma
    left = len(sigmas) - 1 - index if sigmas[-1] == 0 else len(sigmas)
    corrector = min(corrector_order, len(past) + 1, left)
    if past and (step.next > 0 or pece) and corrector > 0:
        before = past[0]
        tau = _tau(step, step.sigma, eta)
        known = [D, *(one.x_0 for one in past)][:corrector]
        x = _stepped(step, before.x, known, index - 1, index, 0, tau)
        x = x if before.noise is None else x + before.noise
        if pece:
            D = yield x, step.sigma
    if step.next == 0:
        return D
    tau = _tau(step, step.next, eta)
    known = [D, *(one.x_0 for one in past)][: max(min(order, len(past) + 1, left - 1), 1)]
    predicted, noise = _stepped(step, x, known, index, index + 1, 1, tau), None
    if tau > 0 and s_noise > 0:
        h = step.space.half_log_snr(step.next) - step.space.half_log_snr(step.sigma)
        noise = step.draw() * (step.next * math.sqrt(-math.expm1(-2 * tau**2 * h)) * s_noise)
        predicted = predicted + noise
    step.remember(tuple(_Before(D, x, noise)))
    return predicted


def _tau(step: SamplerStep, sigma: float, eta: float) -> float:
    """Return how much of the reverse SDE's noise is drawn on the way to a level."""
    first, last = (step.space.table.at_share(share) for share in NOISY)
    return eta if first >= sigma >= last else 0.0


def _stepped(step: SamplerStep, x: Tensor, known: list[Tensor], start: int, end: int, back: int, tau: float) -> Tensor:
    """Eq. 14 from one level to another, with the polynomial through what was foreseen, the newest first."""
    space, sigmas = step.space, step.sigmas
    newest = end - back
    points = [space.half_log_snr(sigmas[newest - place]) for place in range(len(known))]
    first, last = space.half_log_snr(sigmas[start]), space.half_log_snr(sigmas[end])
    weights = space.alpha(sigmas[end]) * adams_weights(points, first, last, tau)
    return x * (sigmas[end] / sigmas[start] * math.exp(-(tau**2) * (last - first))) + weighed(known, weights.tolist())


def adams_weights(points: list[float], first: float, last: float, tau: float) -> np.ndarray:
    """Eq. 15 and 18: (1 + tau^2) the integral of e^((1 + tau^2) (l - last)) times each Lagrange polynomial over l."""
    rate, count = 1 + tau**2, len(points)
    left = math.exp(-rate * (last - first))
    integrals = np.empty(count)
    for power in range(count):  # by parts, each from the one before
        integrals[power] = last**power - first**power * left
        if power:
            integrals[power] -= power / rate * integrals[power - 1]
    return np.linalg.solve(np.vander(points, count, increasing=True).T, integrals)
