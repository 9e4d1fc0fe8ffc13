"""The space that a sampler walks in: what x is at a noise level."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from nodes.schedulers.sigmas.noise_table import NoiseTable

FIRST_SHARE = 1e-4
"""How far before pure noise a walk begins that reckons with the signal to noise ratio, which is 0 there."""


@dataclass(frozen=True, eq=False)
class LevelSpace:
    """x = alpha x_0 + sigma noise: alpha is 1 for a diffusion, and 1 - sigma for flow matching."""

    table: NoiseTable

    @property
    def flow(self) -> bool:
        return self.table.flow

    def alpha(self, sigma: float) -> float:
        return 1 - sigma if self.flow else 1.0

    def ratio(self, sigma: float) -> float:
        """Noise to signal."""
        if not self.flow:
            return sigma
        return sigma / (1 - sigma) if sigma < 1 else math.inf

    def half_log_snr(self, sigma: float) -> float:
        """lambda = log(alpha / sigma)."""
        return math.log((1 - sigma) / sigma) if self.flow else -math.log(sigma)

    def sigma(self, half_log_snr: float) -> float:
        """The level of a lambda."""
        return 1 / (1 + math.exp(half_log_snr)) if self.flow else math.exp(-half_log_snr)

    def between(self, sigma: float, next: float, share: float) -> float:
        """The level at a share of the way to the next one, counted in lambda.

        In single precision and step by step, as the field's programs reckon: a Brownian motion is another one wherever
        the level is another in its last digit.
        """
        one, other = torch.tensor(sigma), torch.tensor(next)
        first, last = (-level.logit() if self.flow else -level.log() for level in (one, other))
        place = first + share * (last - first)
        return float((-place).sigmoid() if self.flow else (-place).exp())


def below_pure_noise(sigmas: list[float], space: LevelSpace) -> list[float]:
    """The same levels, the first a little below pure noise where that has no lambda."""
    pure = space.flow and len(sigmas) > 1 and sigmas[0] >= 1
    return [float(torch.tensor(space.table.at_share(FIRST_SHARE))), *sigmas[1:]] if pure else sigmas
