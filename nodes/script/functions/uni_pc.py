"""The unified predictor and corrector (Zhao et al. 2023), in terms of the clean image."""

from __future__ import annotations

import math

import numpy as np
import torch


def uni_pc_step(foresee, x, walk, now, then, variant="bh1"):
    """Algorithms 5 and 6, with B(h) = h (bh1) or e^h - 1 (bh2), of third order."""
    count, done = len(walk.sigmas) - 1 - walk.first, walk.step - walk.first
    order = max(min(3, count - 1), 1)
    x_0 = foresee(x, now)
    known = [x_0, *(one for one, _ in walk.past)]
    if walk.past:
        used = min(order, done, count + 1 - done)
        x = uni_pc_update(walk, walk.past[0][1], known[1:], walk.step, used, variant, x_0)
    walk.past.insert(0, (x_0, x))
    return uni_pc_update(walk, x, known, walk.step + 1, min(order, done + 1, count - done), variant)


def uni_pc_update(walk, x, known, end, order, variant, found=None):
    """Eq. 3 from the level before ``end``, or eq. 2 with what is foreseen at ``end`` itself."""
    ratios, lambdas = zip(*(ratio_and_lambda(walk.sigmas[end - back]) for back in range(order + 1)), strict=True)
    length = lambdas[0] - lambdas[1]
    places = [(lambdas[1 + back] - lambdas[1]) / length for back in range(1, order)]
    changes = [(known[back] - known[0]) / place for back, place in enumerate(places, 1)]
    weight = -length if variant == "bh1" else math.expm1(-length)
    if found is not None:
        places, changes = [*places, 1.0], [*changes, found - known[0]]
    x = x * (ratios[0] / ratios[1]) - known[0] * math.expm1(-length)
    if not changes:
        return x
    weights = weights_of(places, length, weight)
    total = changes[0] * weights[0]
    for change, one in zip(changes[1:], weights[1:], strict=True):
        total = total + change * one
    return x - total * weight


def ratio_and_lambda(sigma):
    """Noise to signal at a level, and lambda, in single precision as the field's programs reckon."""
    log_alpha = 0.5 * torch.log(1 / (torch.tensor(sigma) ** 2 + 1))
    noise = 1 - torch.exp(2 * log_alpha)
    return float(noise.sqrt() / log_alpha.exp()), float(log_alpha - 0.5 * noise.log())


def weights_of(places, length, weight):
    """Eq. 8: what the differences count; a single one counts half."""
    if len(places) == 1:
        return [0.5]
    phi, factorial, wanted = math.expm1(-length) / -length - 1, 1, []
    for power in range(len(places)):
        wanted.append(phi * factorial / weight)
        factorial *= power + 2
        phi = phi / -length - 1 / factorial
    return np.linalg.solve(np.vander(places, increasing=True).T, wanted).tolist()
