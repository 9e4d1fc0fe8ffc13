"""DPM-Solver++ over several steps, and with the noise of a Brownian motion."""

from __future__ import annotations

import math

from torch import Tensor

from nodes.samplers.solvers.registry import Asking, SamplerStep, ancestral, sampler
from nodes.samplers.solvers.space import below_pure_noise


@sampler("dpmpp_2m", order=2)
def dpmpp_2m(step: SamplerStep) -> Asking:
    """Lu et al. 2022, DPM-Solver++ (arXiv:2211.01095), algorithm 2: looks back at one step."""
    D = yield step.x, step.sigma
    step.remember(D)
    if step.next == 0:
        return D
    ahead = D
    if step.past:
        h, h_last = math.log(step.sigma / step.next), math.log(step.sigmas[step.index - 1] / step.sigma)
        ahead = D + (D - step.past[0]) * (h / (2 * h_last))
    return ahead.lerp(step.x, step.next / step.sigma)


@sampler("dpmpp_2m_cfg_pp", two_sided=True, order=1)
def dpmpp_2m_cfg_pp(step: SamplerStep) -> Asking:
    """The same with CFG++ (arXiv:2406.08070): looks back at what was foreseen without the text."""
    D = yield step.x, step.sigma
    plain = step.without_text()
    step.remember(plain)
    left = step.next / step.sigma
    x = D + (step.x - plain) * left
    if step.past and step.next:
        h, h_last = math.log(step.sigma / step.next), math.log(step.sigmas[step.index - 1] / step.sigma)
        x = x + (D - step.past[0]) * ((1 - left) * h / (2 * h_last))
    return x


@sampler("dpmpp_sde_gpu", order=2, random=True, levels=below_pure_noise)
@sampler("dpmpp_sde", order=2, random=True, levels=below_pure_noise)
def dpmpp_sde(step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0, r: float = 0.5) -> Asking:
    """DPM-Solver++ of two stages (arXiv:2211.01095, algorithm 1) on the reverse SDE, with Brownian noise."""
    x, sigma, next, space = step.x, step.sigma, step.next, step.space
    D = yield x, sigma
    if next == 0:
        return D
    middle = space.between(sigma, next, r)

    def stepped(D_d: Tensor, level: float) -> Tensor:
        down, up = ancestral(space.ratio(sigma), space.ratio(level), eta)
        alpha, left = space.alpha(level), down / space.ratio(sigma)
        moved = x * (alpha / space.alpha(sigma) * left) + D_d * (alpha * (1 - left))
        return moved + step.draw_between(sigma, level) * (alpha * s_noise * up) if eta and s_noise else moved

    D_2 = yield stepped(D, middle), middle
    share = 1 / (2 * r)
    return stepped(D * (1 - share) + D_2 * share, next)


@sampler("dpmpp_2m_sde_heun_gpu", order=2, random=True, levels=below_pure_noise, solver_type="heun")
@sampler("dpmpp_2m_sde_heun", order=2, random=True, levels=below_pure_noise, solver_type="heun")
@sampler("dpmpp_2m_sde_gpu", order=2, random=True, levels=below_pure_noise)
@sampler("dpmpp_2m_sde", order=2, random=True, levels=below_pure_noise)
def dpmpp_2m_sde(step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0, solver_type: str = "midpoint") -> Asking:
    """SDE-DPM-Solver++(2M), Lu et al. 2022 (arXiv:2211.01095), app. D, with Brownian noise."""
    D = yield step.x, step.sigma
    step.remember(D)
    if step.next == 0:
        return D
    x, h, grown = _damped(step, D, eta)
    if step.past:
        alpha, r = step.space.alpha(step.next), _step_before(step, 1) / h
        weight = 1 - grown / (h * (1 + eta)) if solver_type == "heun" else grown / 2
        x = x + (D - step.past[0]) * (alpha * weight / r)
    return x + _noise(step, h, eta, s_noise) if eta and s_noise else x


@sampler("dpmpp_3m_sde_gpu", order=2, random=True, levels=below_pure_noise)
@sampler("dpmpp_3m_sde", order=2, random=True, levels=below_pure_noise)
def dpmpp_3m_sde(step: SamplerStep, *, eta: float = 1.0, s_noise: float = 1.0) -> Asking:
    """SDE-DPM-Solver++ that looks back at two steps (Crowson's k-diffusion), with Brownian noise."""
    D = yield step.x, step.sigma
    step.remember(D)
    if step.next == 0:
        return D
    x, h, grown = _damped(step, D, eta)
    alpha, reach = step.space.alpha(step.next), h * (1 + eta)
    phi_2 = 1 - grown / reach
    if len(step.past) >= 2:
        r_0, r_1 = _step_before(step, 1) / h, _step_before(step, 2) / h
        slope, before = (D - step.past[0]) / r_0, (step.past[0] - step.past[1]) / r_1
        change = (slope - before) / (r_0 + r_1)
        x = x + (slope + change * r_0) * (alpha * phi_2) - change * (alpha * (phi_2 / reach - 0.5))
    elif step.past:
        x = x + (D - step.past[0]) * (alpha * phi_2 * h / _step_before(step, 1))
    return x + _noise(step, h, eta, s_noise) if eta and s_noise else x


def _damped(step: SamplerStep, D: Tensor, eta: float) -> tuple[Tensor, float, float]:
    """x after a step of first order; the step h in lambda; and 1 - exp(-(1 + eta) h), the share that it has gone."""
    h = step.space.half_log_snr(step.next) - step.space.half_log_snr(step.sigma)
    grown = -math.expm1(-h * (1 + eta))
    left = step.next / step.sigma * math.exp(-h * eta)
    return step.x * left + D * (step.space.alpha(step.next) * grown), h, grown


def _step_before(step: SamplerStep, back: int) -> float:
    """The length in lambda of an earlier step."""
    start, end = step.sigmas[step.index - back], step.sigmas[step.index - back + 1]
    return step.space.half_log_snr(end) - step.space.half_log_snr(start)


def _noise(step: SamplerStep, h: float, eta: float, s_noise: float) -> Tensor:
    deviation = step.next * math.sqrt(-math.expm1(-2 * h * eta))
    return step.draw_between(step.sigma, step.next) * (deviation * s_noise)
