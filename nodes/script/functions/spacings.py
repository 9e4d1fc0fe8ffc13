"""Ways to space a walk over a model's noise levels: sigmas, of which the last is 0."""

from __future__ import annotations

import math

import torch
from scipy import stats


def ending(sigmas):
    """With a 0 at the end."""
    return torch.cat([sigmas, sigmas.new_zeros(1)])


def normal(levels, steps):
    """Even timesteps, from the most noise to the least, both included."""
    first, last = (levels.timestep(levels.sigmas[end]) for end in (-1, 0))
    if float(levels.sigma(last)) < 1e-5:
        return levels.sigma(torch.linspace(float(first), float(last), steps + 1))
    return ending(levels.sigma(torch.linspace(float(first), float(last), steps)))


def sgm_uniform(levels, steps):
    """Even timesteps, without the one of the least noise."""
    first, last = (levels.timestep(levels.sigmas[end]) for end in (-1, 0))
    return ending(levels.sigma(torch.linspace(float(first), float(last), steps + 1)[:-1]))


def simple(levels, steps):
    """Even entries of the model's levels."""
    share = len(levels.sigmas) / steps
    return ending(levels.sigmas[[-1 - int(index * share) for index in range(steps)]])


def ddim_uniform(levels, steps):
    """Every n-th of the model's levels, counted from the second."""
    silent = float(levels.sigmas[1]) < 1e-5
    found = levels.sigmas[1 :: max(len(levels.sigmas) // (steps + silent), 1)].flip(0)
    return found if silent else ending(found)


def karras(levels, steps, rho=7.0):
    """Karras et al. 2022, eq. 5, over all of the model's levels."""
    return karras_between(steps, *(float(levels.sigmas[end]) for end in (-1, 0)), rho)


def karras_between(steps, most, least, rho):
    """The same between two levels."""
    low, high = least ** (1 / rho), most ** (1 / rho)
    return ending((high + torch.linspace(0, 1, steps) * (low - high)) ** rho)


def exponential(levels, steps):
    """Even logarithms over all of the model's levels."""
    low, high = (math.log(float(levels.sigmas[end])) for end in (0, -1))
    return ending(torch.linspace(high, low, steps).exp())


def beta(levels, steps):
    """Quantiles of Beta(0.6, 0.6) (Lee et al. 2024); levels that fall together count once."""
    shares = 1 - torch.arange(steps, dtype=torch.float64).numpy() / steps
    places = (stats.beta.ppf(shares, 0.6, 0.6) * (len(levels.sigmas) - 1)).round().astype(int).tolist()
    return ending(levels.sigmas[list(dict.fromkeys(places))])


def linear_quadratic(levels, steps):
    """Half of the steps evenly through the first share of the signal, the others ever larger."""
    half = steps // 2
    if not half:
        return torch.tensor([1.0, 0.0]) * levels.sigmas[-1]
    rest, slope = steps - half, 0.025 / half
    more = (half - 0.025 * steps) / (half * rest**2)
    index = torch.arange(steps, dtype=torch.float64)
    signal = slope * index + more * (index - half).clamp(min=0) ** 2
    return ending(((1 - signal) * float(levels.sigmas[-1])).float())


def kl_optimal(levels, steps):
    """Even arc tangents (Sabour et al. 2024, eq. 14)."""
    least, most = (float(levels.sigmas[end]) for end in (0, -1))
    share = torch.arange(steps) / max(steps - 1, 1)
    return ending((share * math.atan(least) + (1 - share) * math.atan(most)).tan())


def spaced(spacing, levels, steps, denoise=1.0, discard=False):
    """Sigmas for so many steps, the last of a walk of steps / denoise; ``discard`` drops the last before 0."""
    whole = steps if denoise > 0.9999 else int(steps / denoise)
    found = spacing(levels, whole + discard)
    found = torch.cat([found[:-2], found[-1:]]) if discard else found
    return found if denoise > 0.9999 else found[-(steps + 1) :]


def part(sigmas, start, end, leftover):
    """Sigmas from one step to another, the last 0 where no noise is to be left."""
    if end < len(sigmas) - 1:
        sigmas = sigmas[: end + 1] if leftover else ending(sigmas[:end])
    return sigmas[start:] if start < len(sigmas) - 1 else sigmas[-1:]
