"""Steps over a point in the middle: DPM-Solver-2, and DPM-Solver++ of one step and second order."""

from __future__ import annotations

import math

from nodes.samplers.solvers.euler import churned, renoised
from nodes.samplers.solvers.registry import Asking, SamplerStep, ancestral, sampler


@sampler("dpm_2", order=2, backward=True)
def dpm_2(
    step: SamplerStep, *, s_churn: float = 0.0, s_noise: float = 1.0, s_tmin: float = 0.0, s_tmax: float = math.inf
) -> Asking:
    """Lu et al. 2022, DPM-Solver (arXiv:2206.00927), algorithm 1: the slope half way in log sigma."""
    x, sigma = churned(step, s_churn, s_noise, s_tmin, s_tmax)
    D = yield x, sigma
    if step.next == 0:
        return D
    middle = math.sqrt(sigma * step.next)
    x_2 = D.lerp(x, middle / sigma)
    D_2 = yield x_2, middle
    return x + (x_2 - D_2) * ((step.next - sigma) / middle)


@sampler("dpm_2_ancestral", order=2, random=True)
def dpm_2_ancestral(step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0) -> Asking:
    """DPM-Solver-2 beyond the next level, and noise back up to it."""
    x, sigma = step.x, step.sigma
    D = yield x, sigma
    if step.space.flow:
        down, scale, up = renoised(step.space, sigma, step.next, eta)
    else:
        (down, up), scale = ancestral(sigma, step.next, eta), 1.0
    if down == 0:
        return D
    middle = math.sqrt(sigma * down)
    x_2 = D.lerp(x, middle / sigma)
    D_2 = yield x_2, middle
    x = x + (x_2 - D_2) * ((down - sigma) / middle)
    return x * scale + step.draw() * (s_noise * up) if up else x


@sampler("dpmpp_2s_ancestral", order=2, random=True)
def dpmpp_2s_ancestral(step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0) -> Asking:
    """Lu et al. 2022, DPM-Solver++ (arXiv:2211.01095), algorithm 1 with r = 1/2, and noise back up."""
    x, sigma, space = step.x, step.sigma, step.space
    D = yield x, sigma
    if step.next == 0:
        return D
    if space.flow:
        down, scale, up = renoised(space, sigma, step.next, eta)
        pure = sigma >= 1
        middle = 0.9999 if pure else space.sigma((space.half_log_snr(sigma) + space.half_log_snr(down)) / 2)
    else:
        (down, up), scale = ancestral(sigma, step.next, eta), 1.0
        if down == 0:
            return D + step.draw() * (s_noise * up)
        middle = math.sqrt(sigma * down)
    D_2 = yield D.lerp(x, middle / sigma), middle
    x = D_2.lerp(x, down / sigma)
    return x * scale + step.draw() * (s_noise * up) if up else x


@sampler("dpmpp_2s_ancestral_cfg_pp", two_sided=True, order=1, random=True)
def dpmpp_2s_ancestral_cfg_pp(step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0) -> Asking:
    """The same with CFG++ (arXiv:2406.08070): the noise is that foreseen without the text.

    The last line takes what is foreseen so in the middle, as the field's program does.
    """
    x, sigma = step.x, step.sigma
    D = yield x, sigma
    down, up = ancestral(sigma, step.next, eta)
    if down == 0:
        return D if step.next == 0 else D + step.draw() * (s_noise * up)
    middle = math.sqrt(sigma * down)
    D_2 = yield D.lerp(x + (D - step.without_text()), middle / sigma), middle
    x = D_2.lerp(x + (D - step.without_text()), down / sigma)
    return x + step.draw() * (s_noise * up) if up else x
