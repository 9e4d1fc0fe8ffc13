"""Ways to space a walk along a model's noise levels, by the names that people know them by. No nodes here.

A spacing takes a table and a number of steps and gives sigmas (N + 1,), float32, of which the last is 0;
``ddim_uniform`` and ``beta`` may give another number of steps than was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.schedulers.sigmas.noise_table import NoiseTable
from nodes.schedulers.sigmas.published import align_your_steps_levels, gits_levels

Spacing = Callable[[NoiseTable, int], Tensor]
NOTHING = 1e-5
"""Below this a sigma counts as no noise."""
WHOLE = 0.9999
"""Above this a denoise counts as all of the way."""
DISCARDING = ("dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2")
"""Samplers that go with one step more, of which the last sigma before 0 is dropped."""


def ending(sigmas: Tensor) -> Tensor:
    """With a 0 at the end."""
    return torch.cat([sigmas, sigmas.new_zeros(1)])


def normal(table: NoiseTable, steps: int) -> Tensor:
    """Evenly spaced timesteps, from the most noise to the least, both included."""
    first, last = (table.timestep(table.sigmas[end]) for end in (-1, 0))
    if float(table.sigma(last)) < NOTHING:
        return table.sigma(torch.linspace(float(first), float(last), steps + 1))
    return ending(table.sigma(torch.linspace(float(first), float(last), steps)))


def sgm_uniform(table: NoiseTable, steps: int) -> Tensor:
    """Evenly spaced timesteps, without the one of the least noise (Stability AI's generative-models)."""
    first, last = (table.timestep(table.sigmas[end]) for end in (-1, 0))
    return ending(table.sigma(torch.linspace(float(first), float(last), steps + 1)[:-1]))


def simple(table: NoiseTable, steps: int) -> Tensor:
    """Evenly spaced entries of the table."""
    share = len(table.sigmas) / steps
    return ending(table.sigmas[[-1 - int(index * share) for index in range(steps)]])


def ddim_uniform(table: NoiseTable, steps: int) -> Tensor:
    """Every n-th entry of the table, counted from the second, as DDIM's first program had it."""
    silent = float(table.sigmas[1]) < NOTHING
    every = max(len(table.sigmas) // (steps + silent), 1)
    found = table.sigmas[1::every].flip(0)
    return found if silent else ending(found)


def karras(table: NoiseTable, steps: int) -> Tensor:
    """Karras et al. 2022 (arXiv:2206.00364), eq. 5, over all levels of the model, with rho 7."""
    return karras_between(steps, *_ends(table), rho=7.0)


def exponential(table: NoiseTable, steps: int) -> Tensor:
    """Evenly spaced logarithms, over all levels of the model."""
    return polyexponential_between(steps, *_ends(table), rho=1.0)


def beta(table: NoiseTable, steps: int, alpha: float = 0.6, beta: float = 0.6) -> Tensor:
    """Quantiles of a beta distribution: Lee et al. 2024 (arXiv:2407.12173)."""
    from scipy import stats

    shares = 1 - torch.arange(steps, dtype=torch.float64).numpy() / steps
    places = (stats.beta.ppf(shares, alpha, beta) * (len(table.sigmas) - 1)).round().astype(int).tolist()
    return ending(table.sigmas[list(dict.fromkeys(places))])


def linear_quadratic(table: NoiseTable, steps: int, threshold: float = 0.025) -> Tensor:
    """Half of the steps evenly through the first share of the signal, the others ever larger (Genmo's Mochi)."""
    half = steps // 2
    if not half:
        return torch.tensor([1.0, 0.0]) * table.sigmas[-1]
    rest = steps - half
    slope = threshold / half
    more = (half - threshold * steps) / (half * rest**2)
    index = torch.arange(steps, dtype=torch.float64)
    beyond = (index - half).clamp(min=0)
    signal = slope * index + more * beyond**2
    return ending(((1 - signal) * float(table.sigmas[-1])).float())


def kl_optimal(table: NoiseTable, steps: int) -> Tensor:
    """Evenly spaced arc tangents: Sabour et al. 2024, Align Your Steps (arXiv:2404.14507), eq. 14."""
    least, most = _ends(table)
    share = torch.arange(steps) / max(steps - 1, 1)
    return ending((share * math.atan(least) + (1 - share) * math.atan(most)).tan())


def align_your_steps(table: NoiseTable, steps: int, model: str = "SD1") -> Tensor:
    """Levels that were optimised for one model: Sabour et al. 2024, Align Your Steps (arXiv:2404.14507)."""
    return _published(table, align_your_steps_levels(model, steps))


def gits(table: NoiseTable, steps: int, coefficient: float = 1.2) -> Tensor:
    """Levels that stand dense where the ways to images bend: Chen et al. 2024 (arXiv:2405.11326)."""
    return _published(table, gits_levels(coefficient, steps))


SPACINGS: Mapping[str, Spacing] = {
    "normal": normal,
    "simple": simple,
    "sgm_uniform": sgm_uniform,
    "ddim_uniform": ddim_uniform,
    "karras": karras,
    "exponential": exponential,
    "beta": beta,
    "linear_quadratic": linear_quadratic,
    "kl_optimal": kl_optimal,
    "AYS SD1": align_your_steps,
    "AYS SDXL": partial(align_your_steps, model="SDXL"),
    "AYS SVD": partial(align_your_steps, model="SVD"),
    "GITS": gits,
}


def spaced(spacing: Spacing, table: NoiseTable, steps: int, denoise: float = 1.0, discard: bool = False) -> Tensor:
    """Sigmas for ``steps`` steps, of which only the last part is walked where ``denoise`` is below 1.

    As the field has it, that many steps are taken nevertheless: the last of a walk of steps / denoise. ``discard``
    makes one step more, and drops the last sigma before 0. Raises NodeError where the table has fewer levels.
    """
    if denoise <= 0:
        return torch.zeros(1)
    whole = steps if denoise > WHOLE else int(steps / denoise)
    found = spacing(table, whole + discard)
    if discard:
        found = torch.cat([found[:-2], found[-1:]])
    found = found if denoise > WHOLE else found[-(steps + 1) :]
    most = len(table.sigmas)
    if whole > most and (len(found) <= steps or bool((found.diff() == 0).any())):
        if whole == steps:
            raise NodeError(f"this spacing takes its steps from a table of {most} levels, not {steps}; choose fewer")
        raise NodeError(
            f"{steps} steps at denoise {denoise:g} are the last of {whole}, which this spacing takes from a table of "
            f"{most} levels; choose fewer steps, a larger denoise or another spacing"
        )
    return found


def karras_between(steps: int, least: float, most: float, rho: float) -> Tensor:
    """Karras et al. 2022 (arXiv:2206.00364), eq. 5, with a 0 at the end."""
    low, high = least ** (1 / rho), most ** (1 / rho)
    return ending((high + torch.linspace(0, 1, steps) * (low - high)) ** rho)


def polyexponential_between(steps: int, least: float, most: float, rho: float) -> Tensor:
    """Logarithms spaced by a power, with a 0 at the end; evenly for a rho of 1."""
    high, low = math.log(most), math.log(least)
    evenly = rho == 1  # without a detour by way of shares, which would cost a digit
    logarithms = torch.linspace(high, low, steps) if evenly else torch.linspace(1, 0, steps) ** rho * (high - low) + low
    return ending(logarithms.exp())


def _published(table: NoiseTable, levels: list[float]) -> Tensor:
    if table.flow:
        raise NodeError("these levels are of diffusions, and this model goes along straight paths; choose others")
    return ending(torch.tensor(levels[:-1]))


def _ends(table: NoiseTable) -> tuple[float, float]:
    return float(table.sigmas[0]), float(table.sigmas[-1])
