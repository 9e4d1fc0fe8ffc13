"""Refined exponential steps that look back, and the estimate of the gradient from the last two slopes."""

from __future__ import annotations

import math

from nodes.samplers.solvers.registry import Asking, SamplerStep, ancestral, sampler


@sampler("res_multistep", order=2, eta=0.0, plain=False)
@sampler("res_multistep_cfg_pp", two_sided=True, order=1, eta=0.0, plain=True)
@sampler("res_multistep_ancestral", order=2, random=True, plain=False)
@sampler("res_multistep_ancestral_cfg_pp", two_sided=True, order=1, random=True, plain=True)
def res_multistep(step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0, plain: bool = False) -> Asking:
    """Zhang et al. 2023 (arXiv:2308.02157), the multistep form of their second order; ``plain`` is CFG++'s."""
    x, sigma = step.x, step.sigma
    D = yield x, sigma
    known = step.without_text() if plain else D
    step.remember(known)
    down, up = ancestral(sigma, step.next, eta)
    if down == 0:
        x = D
    elif not step.past:
        x = D + (x - known) * (down / sigma)
    else:
        before = step.sigmas[step.index - 1]
        h = math.log(sigma / down)
        c_2 = math.log(ancestral(before, sigma, eta)[0] / before) / h
        phi_1 = math.expm1(-h) / -h
        b_2 = (phi_1 - 1) / -h / c_2
        moved = x + (D - known) if plain else x
        x = moved * math.exp(-h) + (known * (phi_1 - b_2) + step.past[0] * b_2) * h
    return x + step.draw() * (s_noise * up) if up and s_noise and step.next else x


@sampler("gradient_estimation", order=1, plain=False)
@sampler("gradient_estimation_cfg_pp", two_sided=True, order=1, plain=True)
def gradient_estimation(step: SamplerStep, *, gamma: float = 2.0, plain: bool = False) -> Asking:
    """Permenter & Yuan 2024 (arXiv:2306.04848), algorithm 2: the slope goes on as it changed; ``plain`` is CFG++'s."""
    D = yield step.x, step.sigma
    d = (step.x - (step.without_text() if plain else D)) / step.sigma
    step.remember(d)
    if step.next == 0:
        return D
    dt = step.next - step.sigma
    x = D + d * step.next if plain else step.x + d * dt
    return x + (d - step.past[0]) * ((gamma - 1) * dt) if step.past else x
