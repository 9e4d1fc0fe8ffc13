"""Back to the image that is foreseen, and forward with fresh noise: DDPM's step, and consistency models'."""

from __future__ import annotations

import math

import numpy as np

from nodes.samplers.solvers.registry import Asking, SamplerStep, sampler

ONE = np.float32(1)
"""In single precision, as the field's programs count: what is left of the signal has few digits beside it."""


@sampler("ddpm", random=True)
def ddpm(step: SamplerStep) -> Asking:
    """Ho et al. 2020 (arXiv:2006.11239), algorithm 2, with x in the scale of a diffusion that keeps its variance."""
    D = yield step.x, step.sigma
    kept, kept_next = (float(1 / (np.float32(sigma) ** 2 + ONE)) for sigma in (step.sigma, step.next))
    if kept == 1:  # so little noise that single precision does not see it
        return D
    alpha = float(np.float32(kept) / np.float32(kept_next))
    x, epsilon = step.x * math.sqrt(kept), (step.x - D) / step.sigma
    mean = (x - epsilon * ((1 - alpha) / math.sqrt(1 - kept))) / math.sqrt(alpha)
    if step.next == 0:
        return mean
    deviation = math.sqrt((1 - alpha) * (1 - kept_next) / (1 - kept))
    return (mean + step.draw() * deviation) / math.sqrt(kept_next)


@sampler("lcm", random=True)
def lcm(step: SamplerStep, *, s_noise: float = 1.0) -> Asking:
    """Luo et al. 2023 (arXiv:2310.04378), algorithm 3: the foreseen image, noised anew."""
    D = yield step.x, step.sigma
    if step.next == 0:
        return D
    return D * step.space.alpha(step.next) + step.draw() * (step.next * s_noise)
