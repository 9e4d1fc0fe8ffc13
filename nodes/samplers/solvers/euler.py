"""Euler's steps, of first order, and Heun's, of second, with and without noise on the way."""

from __future__ import annotations

import math

from torch import Tensor

from nodes.samplers.solvers.registry import Asking, SamplerStep, ancestral, sampler
from nodes.samplers.solvers.space import LevelSpace


def churned(step: SamplerStep, s_churn: float, s_noise: float, s_tmin: float, s_tmax: float) -> tuple[Tensor, float]:
    """Karras et al. 2022, algorithm 2, lines 4 to 6: x with fresh noise, and the level that it then has."""
    sigma, x = step.sigma, step.x
    gamma = min(s_churn / step.count, math.sqrt(2) - 1) if s_tmin <= sigma <= s_tmax else 0.0
    if gamma <= 0:
        return x, sigma
    raised = sigma * (1 + gamma)
    return x + step.draw() * (s_noise * math.sqrt(raised**2 - sigma**2)), raised


@sampler("ddim", backward=True)
@sampler("euler", backward=True)
def euler(
    step: SamplerStep, *, s_churn: float = 0.0, s_noise: float = 1.0, s_tmin: float = 0.0, s_tmax: float = math.inf
) -> Asking:
    """Karras et al. 2022 (arXiv:2206.00364), algorithm 2 without its correction. DDIM with eta 0 is the same."""
    x, sigma = churned(step, s_churn, s_noise, s_tmin, s_tmax) if s_churn else (step.x, step.sigma)
    D = yield x, sigma
    return D.lerp(x, step.next / sigma)


@sampler("heun", order=2, backward=True)
def heun(
    step: SamplerStep, *, s_churn: float = 0.0, s_noise: float = 1.0, s_tmin: float = 0.0, s_tmax: float = math.inf
) -> Asking:
    """Karras et al. 2022 (arXiv:2206.00364), algorithm 2: the mean of the slopes at both ends of the step."""
    x, sigma = churned(step, s_churn, s_noise, s_tmin, s_tmax)
    D = yield x, sigma
    if step.next == 0:
        return D
    d = (x - D) / sigma
    dt = step.next - sigma
    x_2 = x + d * dt
    D_2 = yield x_2, step.next
    return x + (d + (x_2 - D_2) / step.next) * (dt / 2)


@sampler("heunpp2", order=1)
def heunpp2(
    step: SamplerStep, *, s_churn: float = 0.0, s_noise: float = 1.0, s_tmin: float = 0.0, s_tmax: float = math.inf
) -> Asking:
    """Heun's idea over the slopes of up to three levels ahead, weighed by how much noise they have (Carzit's)."""
    x, sigma = churned(step, s_churn, s_noise, s_tmin, s_tmax)
    D = yield x, sigma
    d = (x - D) / sigma
    ahead = step.sigmas[step.index + 1 : step.index + 3]
    place, slopes, levels = x + d * (ahead[0] - sigma), [d], [sigma]
    for level, after in zip(ahead, [*ahead[1:], 0.0], strict=True):
        if level == step.sigmas[-1]:
            break
        D = yield place, level
        slopes.append((place - D) / level)
        levels.append(level)
        place = place + slopes[-1] * (after - level)
    whole = len(slopes) * step.sigmas[step.first]
    weights = [level / whole for level in levels[1:]]
    slope = slopes[0] * (1 - sum(weights))
    for weight, other in zip(weights, slopes[1:], strict=True):
        slope = slope + other * weight
    return x + slope * (ahead[0] - sigma)


def renoised(space: LevelSpace, sigma: float, next: float, eta: float) -> tuple[float, float, float]:
    """The same as `ancestral` on straight paths: the level below, what scales x up from it, and the noise to add."""
    down = next * (1 + (next / sigma - 1) * eta)
    scale = space.alpha(next) / space.alpha(down)
    return down, scale, math.sqrt(max(next**2 - (down * scale) ** 2, 0.0))


@sampler("euler_ancestral", random=True)
def euler_ancestral(step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0) -> Asking:
    """Euler's step beyond the next level, and noise back up to it: Song et al. 2021 (arXiv:2011.13456), app. F."""
    x, sigma = step.x, step.sigma
    D = yield x, sigma
    if step.next == 0:
        return D
    if step.space.flow:
        down, scale, up = renoised(step.space, sigma, step.next, eta)
    else:
        (down, up), scale = ancestral(sigma, step.next, eta), 1.0
    x = D.lerp(x, down / sigma)
    return x * scale + step.draw() * (s_noise * up) if eta else x


@sampler("euler_cfg_pp", two_sided=True, eta=0.0, s_noise=1.0)
@sampler("euler_ancestral_cfg_pp", two_sided=True, random=True)
def euler_ancestral_cfg_pp(step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0) -> Asking:
    """CFG++, Chung et al. 2024 (arXiv:2406.08070), algorithm 1: the noise is that foreseen without the text."""
    x, sigma, space = step.x, step.sigma, step.space
    D = yield x, sigma
    if step.next == 0:
        return D
    d = (x - space.alpha(sigma) * step.without_text()) / sigma
    alpha = space.alpha(step.next)
    down, up = ancestral(space.ratio(sigma), step.next / alpha, eta)
    x = alpha * (D + down * d)
    return x + step.draw() * (alpha * up * s_noise) if up else x
