"""Linear multistep methods: slopes of earlier steps, weighed by an integral over the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import torch
from numpy.polynomial import Polynomial
from torch import Tensor

from nodes.samplers.solvers.registry import Asking, SamplerStep, sampler

ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))
"""Weights for even steps, the newest slope first."""
DEIS_POINTS = 10000
DEIS_RANGE = 0.002, 80.0
"""The sigmas between which DEIS counts its time (Karras et al. 2022)."""
DEIS_END = 1e-3


def lagrange(points: Sequence[float], index: int) -> Polynomial:
    """The polynomial that is 1 at one of the points and 0 at the others."""
    others = [point for place, point in enumerate(points) if place != index]
    through = Polynomial.fromroots(others) if others else Polynomial([1.0])
    return through / math.prod(points[index] - other for other in others)


def weighed(slopes: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The sum of slopes by their weights."""
    total = slopes[0] * weights[0]
    for slope, weight in zip(slopes[1:], weights[1:], strict=True):
        total = total + slope * weight
    return total


def _levels(step: SamplerStep, count: int) -> list[float]:
    """The levels of the last steps, the newest first."""
    return [step.sigmas[step.index - back] for back in range(count)]


@sampler("lms", order=3)
def lms(step: SamplerStep, *, order: int = 4) -> Asking:
    """Adams and Bashforth's method over the levels themselves (Crowson's k-diffusion)."""
    D = yield step.x, step.sigma
    d = (step.x - D) / step.sigma
    step.remember(d)
    if step.next == 0:
        return D
    slopes = [d, *step.past][: min(order, 4)]
    points = _levels(step, len(slopes))
    whole = [lagrange(points, index).integ() for index in range(len(points))]
    return step.x + weighed(slopes, [float(one(step.next) - one(step.sigma)) for one in whole])


@sampler("ipndm", order=1)
def ipndm(step: SamplerStep, *, order: int = 4) -> Asking:
    """Zhang & Chen 2022 (arXiv:2204.13902), iPNDM: the weights for even steps, whatever the steps are."""
    D = yield step.x, step.sigma
    d = (step.x - D) / step.sigma
    step.remember(d)
    if step.next == 0:
        return D
    slopes = [d, *step.past][: min(order, 4)]
    return step.x + weighed(slopes, ADAMS_BASHFORTH[len(slopes) - 1]) * (step.next - step.sigma)


@sampler("ipndm_v", order=1)
def ipndm_v(step: SamplerStep, *, order: int = 4) -> Asking:
    """iPNDM with weights for uneven steps, as the program of Zhou et al. 2024 (diff-sampler) has them.

    From three slopes on they are not those of the polynomial through them: a bracket there closes late, and what people
    compare with is computed so.
    """
    D = yield step.x, step.sigma
    d = (step.x - D) / step.sigma
    step.remember(d)
    if step.next == 0:
        return D
    slopes = [d, *step.past][: min(order, 4)]
    lengths = [step.next - step.sigma, *_lengths(step, len(slopes))]
    return step.x + weighed(slopes, _uneven(*lengths)) * lengths[0]


def _lengths(step: SamplerStep, count: int) -> list[float]:
    levels = _levels(step, count)
    return [newer - older for newer, older in pairwise(levels)]


def _uneven(h: float, *past: float) -> list[float]:
    """The weights of iPNDM with variable steps, the newest slope first."""
    if not past:
        return [1.0]
    r = h / past[0]
    weights = [(2 + r) / 2, -r / 2]
    if len(past) == 1:
        return weights
    h_1, h_2 = past[:2]
    third = (1 - h / (3 * (h + h_1)) * (h * (h + h_1)) / (h_1 * (h_1 + h_2))) / 2
    r_1 = h_1 / h_2
    weights = [weights[0] + third, weights[1] - (1 + r_1) * third, third * r_1]
    if len(past) == 2:
        return weights
    h_3 = past[2]
    inner = (1 - h / (3 * (h + h_1))) / 2 + (1 - h / (2 * (h + h_1))) * h / (6 * (h + h_1 + h_2))
    fourth = inner * (h * (h + h_1) * (h + h_1 + h_2)) / (h_1 * (h_1 + h_2) * (h_1 + h_2 + h_3))
    r_2 = h_1 * (h_1 + h_2) / (h_2 * (h_2 + h_3))
    return [
        weights[0] + fourth,
        weights[1] - (1 + r_1 + r_2) * fourth,
        weights[2] + (r_1 + r_2 * (1 + h_2 / h_3)) * fourth,
        -fourth * r_2 * r_1,
    ]


@sampler("deis", order=2)
def deis(step: SamplerStep, *, order: int = 3) -> Asking:
    """Zhang & Chen 2022 (arXiv:2204.13902), tAB-DEIS: the polynomial through the slopes, in a diffusion's time."""
    D = yield step.x, step.sigma
    d = (step.x - D) / step.sigma
    step.remember(d)
    if step.next == 0:
        return D
    slopes = [d, *step.past][: min(order, 4)]
    if len(slopes) == 1:
        return step.x + d * (step.next - step.sigma)
    return step.x + weighed(slopes, deis_weights(step.next, tuple(_levels(step, len(slopes)))))


@lru_cache(maxsize=1024)
def deis_weights(next: float, levels: tuple[float, ...]) -> tuple[float, ...]:
    """Eq. 15 for levels, the newest first, as a sum over even points in time.

    In single precision, as the field's programs count: near no noise alpha has few digits beside 1.
    """
    low, high = (torch.log(torch.tensor(sigma) ** 2 + 1) for sigma in DEIS_RANGE)
    beta_d = 2 * (low / DEIS_END - high) / (DEIS_END - 1)
    beta_min = high - 0.5 * beta_d
    places = torch.tensor([next, *levels])
    end, start, *past = ((beta_min**2 + 2 * beta_d * (places**2 + 1).log()).sqrt() - beta_min) / beta_d
    taus = torch.linspace(float(start), float(end), DEIS_POINTS)
    alpha = torch.exp(-0.5 * taus**2 * beta_d - taus * beta_min)
    integrand = 0.5 * (taus * beta_d + beta_min) / (alpha * (1 - alpha)).sqrt()
    points = [start, *past]
    weights = []
    for point in points:
        others = [other for other in points if other is not point]
        weighed = integrand * torch.stack([(taus - other) / (point - other) for other in others]).prod(0)
        weights.append(float(weighed.sum() * ((end - start) / DEIS_POINTS)))
    return tuple(weights)
