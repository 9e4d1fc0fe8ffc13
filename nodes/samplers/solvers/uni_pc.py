"""The unified predictor and corrector."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from nodes.samplers.solvers.multistep import weighed
from nodes.samplers.solvers.registry import Asking, SamplerStep, sampler
from nodes.samplers.solvers.space import LevelSpace

LEAST = 1e-3
"""The level that stands for no noise, whose logarithm is needed."""


def above_nothing(sigmas: list[float], space: LevelSpace) -> list[float]:
    """The same levels, ending a little above no noise."""
    return [*sigmas[:-1], LEAST] if sigmas[-1] == 0 else sigmas


@sampler("uni_pc", order=2, levels=above_nothing, variant="bh1")
@sampler("uni_pc_bh2", order=2, levels=above_nothing, variant="bh2")
def uni_pc(step: SamplerStep, *, order: int = 3, variant: str = "bh1") -> Asking:
    """Zhao et al. 2023, UniPC (arXiv:2302.04867), algorithms 5 and 6, with B(h) = h or e^h - 1, in terms of x_0."""
    x, index = step.x, step.index
    order = max(min(order, step.count - 1), 1)
    D = yield x, step.sigma
    known, done = [D, *(one[0] for one in step.past)], index - step.first
    if step.past:
        used = min(order, done, step.count + 1 - done)
        x = _update(step, step.past[0][1], known[1:], index, used, variant, D)
    step.remember((D, x))
    used = min(order, done + 1, step.count - done)
    return _update(step, x, known, index + 1, used, variant)


def _update(
    step: SamplerStep, x: Tensor, known: list[Tensor], end: int, order: int, variant: str, found: Tensor | None = None
) -> Tensor:
    """Eq. 3 from the level before ``end``, or eq. 2 with what the denoiser foresees at ``end`` itself."""
    sigmas = step.sigmas
    lambdas = [-math.log(sigmas[end - back]) for back in range(order + 1)]
    h = lambdas[0] - lambdas[1]
    ratios = [(lambdas[1 + back] - lambdas[1]) / h for back in range(1, order)]
    changes = [(known[back] - known[0]) / ratio for back, ratio in enumerate(ratios, 1)]
    weight = -h if variant == "bh1" else math.expm1(-h)
    if found is not None:
        ratios, changes = [*ratios, 1.0], [*changes, found - known[0]]
    x = known[0].lerp(x, sigmas[end] / sigmas[end - 1])
    return x - weighed(changes, _rhos(ratios, h, weight)) * weight if changes else x


def _rhos(ratios: list[float], h: float, weight: float) -> list[float]:
    """Eq. 8: what the differences count; a single one counts half."""
    if len(ratios) == 1:
        return [0.5]
    phi, factorial, wanted = math.expm1(-h) / -h - 1, 1, []
    for power in range(len(ratios)):
        wanted.append(phi * factorial / weight)
        factorial *= power + 2
        phi = phi / -h - 1 / factorial
    found: list[float] = np.linalg.solve(np.vander(ratios, increasing=True).T, wanted).tolist()
    return found
