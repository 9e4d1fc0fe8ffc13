"""The unified predictor and corrector."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.samplers.solvers.multistep import weighed
from nodes.samplers.solvers.registry import Asking, SamplerStep, sampler
from nodes.samplers.solvers.space import LevelSpace

LEAST = 1e-3
"""The level that stands for no noise, whose logarithm is needed."""
UNSEEN = 3e-4
"""Below this 1 and the share of the signal are one number in single precision."""


def above_nothing(sigmas: list[float], space: LevelSpace) -> list[float]:
    """The same levels, ending a little above no noise.

    Raises NodeError for one that counts as none but is not 0, and for two that count as one.
    """
    found = [*sigmas[:-1], LEAST] if sigmas[-1] == 0 else sigmas
    if min(found) < UNSEEN:
        raise NodeError(f"uni_pc does not see noise below a sigma of {UNSEEN:g}, and {min(found):g} is; leave that out")
    for sigma, after in pairwise(found):
        if _level(sigma) == _level(after):
            raise NodeError(
                f"to uni_pc the sigmas {sigma:g} and {after:g} are one, and 0 counts as {LEAST:g}; leave one of them "
                "out, or choose another sampler"
            )
    return found


@sampler("uni_pc", order=2, residual=True, levels=above_nothing, variant="bh1")
@sampler("uni_pc_bh2", order=2, residual=True, levels=above_nothing, variant="bh2")
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
    ratios, lambdas = zip(*(_level(step.sigmas[end - back]) for back in range(order + 1)), strict=True)
    left = ratios[0] / ratios[1]
    h = lambdas[0] - lambdas[1]
    places = [(lambdas[1 + back] - lambdas[1]) / h for back in range(1, order)]
    changes = [(known[back] - known[0]) / place for back, place in enumerate(places, 1)]
    weight = -h if variant == "bh1" else math.expm1(-h)
    if found is not None:
        places, changes = [*places, 1.0], [*changes, found - known[0]]
    x = x * left - known[0] * math.expm1(-h)
    return x - weighed(changes, _rhos(places, h, weight)) * weight if changes else x


@lru_cache(maxsize=4096)
def _level(sigma: float) -> tuple[float, float]:
    """Noise to signal at a level, and lambda, through the share of noise in x of variance 1.

    In single precision, as the field's programs count: next to no noise the difference to 1 there has few digits, and
    what people compare with is computed so.
    """
    log_alpha = 0.5 * torch.log(1 / (torch.tensor(sigma) ** 2 + 1))
    noise = 1 - torch.exp(2 * log_alpha)
    return float(noise.sqrt() / log_alpha.exp()), float(log_alpha - 0.5 * noise.log())


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
