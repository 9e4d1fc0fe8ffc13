"""Noise levels by a formula between a largest and a smallest."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Rule, node
from nodeflow.wires import Sigmas, TrainedSchedule
from nodes.schedulers.sigmas.checks import checked
from nodes.schedulers.sigmas.noise_table import is_flow, shifted
from nodes.schedulers.sigmas.spacings import ending, karras_between, polyexponential_between

Steps = Annotated[int, Range(1, 10000)]
Level = Annotated[float, Range(0.0001, 5000, 0.001)]
MAX_SIGMA, MIN_SIGMA = 14.614642, 0.0291675
"""Stable Diffusion's largest and smallest sigma."""
LEAST_LOG_SNR, MOST_LOG_SNR = -15.0, 18.0
"""Logarithms of signal to noise that Ideogram 4 was trained between."""


ORDER = Rule(
    "sigma_max > sigma_min", "sigma_min is {sigma_min} and sigma_max {sigma_max}; make sigma_max the larger one"
)
NOISE = Rule("beta_d + beta_min > 0", "both betas are 0, so that no noise is ever added; make one of them larger")


@node("Karras sigmas", rules=(ORDER,))
def karras_sigmas(
    steps: Steps = 20,
    sigma_max: Level = MAX_SIGMA,
    sigma_min: Level = MIN_SIGMA,
    rho: Annotated[float, Range(0.1, 100, 0.1)] = 7.0,
    trained: TrainedSchedule | None = None,
) -> Sigmas:
    """Spaces noise levels so that a root of them is even: small steps where there is little noise.

    The larger ``rho``, the more steps at little noise; 1 is even. Gives steps + 1 sigmas, the last of them 0.

    Fails when sigma_min is not below sigma_max.
    Paper: Karras et al. 2022 (arXiv:2206.00364), eq. 5.
    """
    return _falling(karras_between(steps, sigma_min, sigma_max, rho), trained)


@node("Exponential sigmas", rules=(ORDER,))
def exponential_sigmas(
    steps: Steps = 20,
    sigma_max: Level = MAX_SIGMA,
    sigma_min: Level = MIN_SIGMA,
    rho: Annotated[float, Range(0.1, 100, 0.1)] = 1.0,
    trained: TrainedSchedule | None = None,
) -> Sigmas:
    """Spaces noise levels evenly in their logarithm, or by a power of it (polyexponential).

    ``rho`` 1 is even, each level the same share of the one before; above 1 there are more steps at little noise.

    Fails when sigma_min is not below sigma_max.
    """
    return _falling(polyexponential_between(steps, sigma_min, sigma_max, rho), trained)


@node("Laplace sigmas", rules=(ORDER,))
def laplace_sigmas(
    steps: Annotated[int, Range(2, 10000)] = 20,
    sigma_max: Level = MAX_SIGMA,
    sigma_min: Level = MIN_SIGMA,
    mu: Annotated[float, Range(-10, 10, 0.1)] = 0.0,
    beta: Annotated[float, Range(0.01, 10, 0.01)] = 0.5,
    trained: TrainedSchedule | None = None,
) -> Sigmas:
    """Spaces noise levels by a Laplace distribution of their logarithm: most steps around one level.

    ``mu`` is the logarithm of the sigma that gets most steps, ``beta`` how wide they spread. Levels beyond sigma_max
    and sigma_min are left out, so that there may be fewer steps than were asked for; the last level is 0.

    Fails when sigma_min is not below sigma_max.
    Paper: Hang et al. 2024, Improved Noise Schedule for Diffusion Training (arXiv:2407.03297).
    """
    share = torch.linspace(0, 1, steps)
    away = 0.5 - share
    logarithm = mu - beta * away.sign() * (1 - 2 * away.abs() + 1e-5).log()
    found = logarithm.exp().clamp(sigma_min, sigma_max).flip(0)
    return _falling(ending(torch.unique(found).flip(0)), trained)


@node("Variance-preserving sigmas", rules=(NOISE,))
def vp_sigmas(
    steps: Steps = 20,
    beta_d: Annotated[float, Range(0, 5000, 0.1)] = 19.9,
    beta_min: Annotated[float, Range(0, 5000, 0.1)] = 0.1,
    epsilon: Annotated[float, Range(0.00001, 1, 0.0001)] = 0.001,
    trained: TrainedSchedule | None = None,
) -> Sigmas:
    """Spaces noise levels at even times of a continuous diffusion whose beta grows evenly.

    beta(t) = beta_min + beta_d t; the times go from 1 to ``epsilon``, and the last level is 0.

    Fails when both betas are 0, and when they are so large that noise knows no end.
    Paper: Song et al. 2021 (arXiv:2011.13456), app. C; Karras et al. 2022 (arXiv:2206.00364), table 1.
    """
    t = torch.linspace(1, epsilon, steps, dtype=torch.float64)
    return _falling(ending(torch.expm1(beta_d * t**2 / 2 + beta_min * t).sqrt().float()), trained)


@node("FLUX.2 sigmas")
def flux2_sigmas(
    trained: TrainedSchedule,
    steps: Steps = 20,
    width: Annotated[int, Range(16, 16384)] = 1024,
    height: Annotated[int, Range(16, 16384)] = 1024,
) -> Sigmas:
    """Spaces noise levels for FLUX.2: even ones, shifted towards noise by size and number of steps.

    ``width`` and ``height`` are those of the image in pixels. Gives steps + 1 shares of noise from 1 to 0.

    Fails for models that were not trained by flow matching.
    Black Forest Labs, FLUX.2 (2025); the shift: Esser et al. 2024 (arXiv:2403.03206), eq. 23.
    """
    _flow_only(trained)
    shift = math.exp(_flux2_mu(round(width * height / 256), steps))
    return _falling(shifted(torch.linspace(1, 0, steps + 1), shift), trained)


@node("Logit-normal sigmas")
def logit_normal_sigmas(
    trained: TrainedSchedule,
    steps: Steps = 20,
    width: Annotated[int, Range(16, 16384)] = 1024,
    height: Annotated[int, Range(16, 16384)] = 1024,
    mu: Annotated[float, Range(-10, 10, 0.05)] = 0.0,
    deviation: Annotated[float, Range(0.1, 5, 0.05)] = 1.75,
) -> Sigmas:
    """Spaces noise levels evenly in a logit-normal distribution: most steps where it is densest.

    The logit of the share of noise has the mean ``mu`` plus half the logarithm of how many times the image (``width``
    by ``height`` pixels) is larger than 512 x 512, and this ``deviation``: the larger ``mu`` and the image, the more
    steps at high noise. Gives steps + 1 shares of noise, the last of them 0. Ideogram 4 is sampled so.

    Fails for models that were not trained by flow matching.
    Papers: Esser et al. 2024 (arXiv:2403.03206), section 3.1; Ideogram 4 (2026).
    """
    _flow_only(trained)
    mean = mu + math.log(width * height / 512**2) / 2
    even = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    share = torch.special.expit(mean + deviation * torch.special.ndtri(even))
    least, most = (1 / (1 + math.exp(ratio / 2)) for ratio in (MOST_LOG_SNR, LEAST_LOG_SNR))
    noise = share.clamp(1 - most, 1 - least).flip(0)
    noise[-1] = 0
    return _falling(noise.float(), trained)


def _falling(values: Tensor, trained: TrainedSchedule | None) -> Sigmas:
    """Raises NodeError for settings that are too extreme for levels that fall from step to step."""
    found = Sigmas(values, trained)
    try:
        checked(found)
    except NodeError as error:
        raise NodeError(f"these settings are too extreme: {error}") from None
    return found


def _flow_only(trained: TrainedSchedule) -> None:
    if not is_flow(trained):
        raise NodeError("these are levels of flow matching, and this model was trained as a diffusion; choose others")


def _flux2_mu(tokens: int, steps: int) -> float:
    """The logarithm of the shift: a line in the tokens at 200 steps, another at 10, and even in steps between."""
    many = 0.00016927 * tokens + 0.45666666
    if tokens > 4300:
        return many
    few = 8.73809524e-05 * tokens + 1.89833333
    slope = (many - few) / 190
    return slope * steps + many - 200 * slope
