"""Samplers' steps from one noise level to the next: ``foresee`` asks for the clean image at x and a level."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.polynomial import Polynomial

from nodes.script.functions.walking import brownian


def euler_step(foresee, x, walk, now, then):
    """Karras et al. 2022, algorithm 2 without its correction; DDIM without fresh noise is the same."""
    return foresee(x, now).lerp(x, then / now)


def heun_step(foresee, x, walk, now, then):
    """Karras et al. 2022, algorithm 2: the mean of the slopes at both ends of the step."""
    x_0 = foresee(x, now)
    if then == 0:
        return x_0
    slope, length = (x - x_0) / now, then - now
    ahead = x + slope * length
    return x + (slope + (ahead - foresee(ahead, then)) / then) * (length / 2)


def dpm_2_step(foresee, x, walk, now, then):
    """Lu et al. 2022, DPM-Solver, algorithm 1: the slope half way in log sigma."""
    x_0 = foresee(x, now)
    if then == 0:
        return x_0
    middle = math.sqrt(now * then)
    ahead = x_0.lerp(x, middle / now)
    return x + (ahead - foresee(ahead, middle)) * ((then - now) / middle)


def below(now, then, eta):
    """The level to step down to, and the noise that leads up from there (Song et al. 2021, eq. 16)."""
    if not eta:
        return then, 0.0
    up = min(then, eta * then * math.sqrt(max(1 - (then / now) ** 2, 0.0)))
    return math.sqrt(then**2 - up**2), up


def below_on_straight_paths(walk, now, then, eta):
    """The same on straight paths: the level, what scales x up from it, and the noise to add."""
    down = then * (1 + (then / now - 1) * eta)
    scale = walk.levels.alpha(then) / walk.levels.alpha(down)
    return down, scale, math.sqrt(max(then**2 - (down * scale) ** 2, 0.0))


def euler_ancestral_step(foresee, x, walk, now, then, eta=1.0, s_noise=1.0):
    """Euler's step beyond the next level, and noise back up to it."""
    x_0 = foresee(x, now)
    if then == 0:
        return x_0
    if walk.levels.flow:
        down, scale, up = below_on_straight_paths(walk, now, then, eta)
    else:
        (down, up), scale = below(now, then, eta), 1.0
    x = x_0.lerp(x, down / now)
    return x * scale + walk.noise_like(x) * (s_noise * up) if eta else x


def dpm_2_ancestral_step(foresee, x, walk, now, then, eta=1.0, s_noise=1.0):
    """DPM-Solver-2 beyond the next level, and noise back up to it."""
    x_0 = foresee(x, now)
    if walk.levels.flow:
        down, scale, up = below_on_straight_paths(walk, now, then, eta)
    else:
        (down, up), scale = below(now, then, eta), 1.0
    if down == 0:
        return x_0
    middle = math.sqrt(now * down)
    ahead = x_0.lerp(x, middle / now)
    x = x + (ahead - foresee(ahead, middle)) * ((down - now) / middle)
    return x * scale + walk.noise_like(x) * (s_noise * up) if up else x


def dpmpp_2s_ancestral_step(foresee, x, walk, now, then, eta=1.0, s_noise=1.0):
    """DPM-Solver++ of one step and second order, beyond the next level, and noise back up to it."""
    x_0, levels = foresee(x, now), walk.levels
    if then == 0:
        return x_0
    if levels.flow:
        down, scale, up = below_on_straight_paths(walk, now, then, eta)
        middle = 0.9999 if now >= 1 else levels.sigma_of((levels.log_snr(now) + levels.log_snr(down)) / 2)
    else:
        (down, up), scale = below(now, then, eta), 1.0
        if down == 0:
            return x_0 + walk.noise_like(x) * (s_noise * up)
        middle = math.sqrt(now * down)
    x = foresee(x_0.lerp(x, middle / now), middle).lerp(x, down / now)
    return x * scale + walk.noise_like(x) * (s_noise * up) if up else x


def res_multistep_step(foresee, x, walk, now, then, eta=1.0, s_noise=1.0):
    """Refined exponential steps of second order that look back (Zhang et al. 2023)."""
    x_0 = foresee(x, now)
    walk.past.insert(0, x_0)
    down, up = below(now, then, eta)
    if down == 0:
        x = x_0
    elif not walk.past[1:]:
        x = x_0 + (x - x_0) * (down / now)
    else:
        before, length = walk.sigmas[walk.step - 1], math.log(now / down)
        c_2 = math.log(below(before, now, eta)[0] / before) / length
        phi_1 = math.expm1(-length) / -length
        b_2 = (phi_1 - 1) / -length / c_2
        x = x * math.exp(-length) + (x_0 * (phi_1 - b_2) + walk.past[1] * b_2) * length
    return x + walk.noise_like(x) * (s_noise * up) if up and s_noise and then else x


def lms_step(foresee, x, walk, now, then, order=4):
    """Adams and Bashforth's method over the levels themselves: slopes of earlier steps, weighed by an integral."""
    x_0 = foresee(x, now)
    walk.past.insert(0, (x - x_0) / now)
    if then == 0:
        return x_0
    slopes = walk.past[: min(order, 4)]
    points = [walk.sigmas[walk.step - back] for back in range(len(slopes))]
    weights = []
    for place, point in enumerate(points):
        others = [other for index, other in enumerate(points) if index != place]
        through = Polynomial.fromroots(others) if others else Polynomial([1.0])
        whole = (through / math.prod(point - other for other in others)).integ()
        weights.append(float(whole(then) - whole(now)))
    total = slopes[0] * weights[0]
    for slope, weight in zip(slopes[1:], weights[1:], strict=True):
        total = total + slope * weight
    return x + total


def dpmpp_2m_step(foresee, x, walk, now, then):
    """Lu et al. 2022, DPM-Solver++, algorithm 2: looks back at one step."""
    x_0 = foresee(x, now)
    walk.past.insert(0, x_0)
    if then == 0:
        return x_0
    ahead = x_0
    if walk.past[1:]:
        length, before = math.log(now / then), math.log(walk.sigmas[walk.step - 1] / now)
        ahead = x_0 + (x_0 - walk.past[1]) * (length / (2 * before))
    return ahead.lerp(x, then / now)


def damped(x, x_0, walk, now, then, eta):
    """x after a step of first order, the step in lambda, and the share that it has gone."""
    length = walk.levels.log_snr(then) - walk.levels.log_snr(now)
    gone = -math.expm1(-length * (1 + eta))
    left = then / now * math.exp(-length * eta)
    return x * left + x_0 * (walk.levels.alpha(then) * gone), length, gone


def length_before(walk, back):
    """The length in lambda of an earlier step."""
    start, end = (walk.levels.log_snr(walk.sigmas[walk.step - place]) for place in (back, back - 1))
    return end - start


def fresh(x, walk, now, then, length, eta, s_noise):
    """x with the noise that a step on the reverse SDE adds."""
    if not eta or not s_noise:
        return x
    deviation = then * math.sqrt(-math.expm1(-2 * length * eta))
    return x + brownian(walk, x, now, then) * (deviation * s_noise)


def dpmpp_2m_sde_step(foresee, x, walk, now, then, eta=1.0, s_noise=1.0, solver_type="midpoint"):
    """SDE-DPM-Solver++(2M), Lu et al. 2022, app. D, with Brownian noise."""
    x_0 = foresee(x, now)
    walk.past.insert(0, x_0)
    if then == 0:
        return x_0
    x, length, gone = damped(x, x_0, walk, now, then, eta)
    if walk.past[1:]:
        ratio = length_before(walk, 1) / length
        weight = 1 - gone / (length * (1 + eta)) if solver_type == "heun" else gone / 2
        x = x + (x_0 - walk.past[1]) * (walk.levels.alpha(then) * weight / ratio)
    return fresh(x, walk, now, then, length, eta, s_noise)


def dpmpp_3m_sde_step(foresee, x, walk, now, then, eta=1.0, s_noise=1.0):
    """SDE-DPM-Solver++ that looks back at two steps (Crowson's k-diffusion), with Brownian noise."""
    x_0 = foresee(x, now)
    walk.past.insert(0, x_0)
    if then == 0:
        return x_0
    x, length, gone = damped(x, x_0, walk, now, then, eta)
    alpha, reach = walk.levels.alpha(then), length * (1 + eta)
    phi_2 = 1 - gone / reach
    if walk.past[2:]:
        r_0, r_1 = length_before(walk, 1) / length, length_before(walk, 2) / length
        slope, before = (x_0 - walk.past[1]) / r_0, (walk.past[1] - walk.past[2]) / r_1
        change = (slope - before) / (r_0 + r_1)
        x = x + (slope + change * r_0) * (alpha * phi_2) - change * (alpha * (phi_2 / reach - 0.5))
    elif walk.past[1:]:
        x = x + (x_0 - walk.past[1]) * (alpha * phi_2 * length / length_before(walk, 1))
    return fresh(x, walk, now, then, length, eta, s_noise)


def lcm_step(foresee, x, walk, now, then, s_noise=1.0):
    """Luo et al. 2023, algorithm 3: the foreseen image, noised anew."""
    x_0 = foresee(x, now)
    return x_0 * walk.levels.alpha(then) + walk.noise_like(x) * (then * s_noise) if then else x_0


def ddpm_step(foresee, x, walk, now, then):
    """Ho et al. 2020, algorithm 2, with x in the scale of a diffusion that keeps its variance."""
    x_0 = foresee(x, now)
    kept, kept_next = (float(1 / (np.float32(sigma) ** 2 + np.float32(1))) for sigma in (now, then))
    if kept == 1:  # so little noise that single precision does not see it
        return x_0
    alpha = float(np.float32(kept) / np.float32(kept_next))
    x, epsilon = x * math.sqrt(kept), (x - x_0) / now
    mean = (x - epsilon * ((1 - alpha) / math.sqrt(1 - kept))) / math.sqrt(alpha)
    if then == 0:
        return mean
    deviation = math.sqrt((1 - alpha) * (1 - kept_next) / (1 - kept))
    return (mean + walk.noise_like(x) * deviation) / math.sqrt(kept_next)


def dpmpp_sde_step(foresee, x, walk, now, then, eta=1.0, s_noise=1.0, r=0.5):
    """DPM-Solver++ of two stages on the reverse SDE (Lu et al. 2022, algorithm 1), with Brownian noise."""
    x_0 = foresee(x, now)
    if then == 0:
        return x_0
    first, last = (-torch.tensor(sigma).log() for sigma in (now, then))
    middle = float((-(first + r * (last - first))).exp())

    def stepped(clean, sigma):
        down, up = below(now, sigma, eta)
        moved = x * (down / now) + clean * (1 - down / now)
        return moved + brownian(walk, x, now, sigma) * (s_noise * up) if eta and s_noise else moved

    share = 1 / (2 * r)
    return stepped(x_0 * (1 - share) + foresee(stepped(x_0, middle), middle) * share, then)
