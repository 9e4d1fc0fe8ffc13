"""Noise levels spaced over those that a model was trained with."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import torch

from nodeflow.node import NodeError, Range, Rule, Slider, node
from nodeflow.wires import Sigmas, TrainedSchedule
from nodes.schedulers.sigmas import spacings
from nodes.schedulers.sigmas.noise_table import noise_table
from nodes.schedulers.sigmas.spacings import SPACINGS, spaced

SpacingName = Literal[
    "normal",
    "simple",
    "sgm_uniform",
    "ddim_uniform",
    "karras",
    "exponential",
    "beta",
    "linear_quadratic",
    "kl_optimal",
    "AYS SD1",
    "AYS SDXL",
    "AYS SVD",
    "GITS",
]
TURBO_STEPS = 10
"""SD-Turbo was distilled at ten timesteps."""


@node("Sigmas of a model")
def model_sigmas(
    trained: TrainedSchedule | None = None,
    spacing: SpacingName = "normal",
    steps: Annotated[int, Range(1, 10000)] = 20,
    denoise: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
    penultimate: Literal["kept", "discarded"] = "kept",
) -> Sigmas:
    """Spaces noise levels over those that a model was trained with, by the names that people know.

    Wire the model's ``schedule`` to ``trained``; without it they are Stable Diffusion's. Gives steps + 1 sigmas, the
    last of them 0; ``ddim_uniform`` and ``beta`` may give a few more or fewer.

    - normal: even timesteps, from the most noise to the least; sgm_uniform: the same without the least
    - simple: even entries of the model's table; ddim_uniform: every n-th entry, from the second on
    - karras: Karras et al. 2022 (arXiv:2206.00364), eq. 5, over the whole range; exponential: even logarithms
    - beta: quantiles of Beta(0.6, 0.6), Lee et al. 2024 (arXiv:2407.12173)
    - linear_quadratic: even at first, then ever larger steps (Genmo's Mochi)
    - kl_optimal: even arc tangents, Sabour et al. 2024 (arXiv:2404.14507)
    - AYS SD1, SDXL, SVD: levels that were optimised for ten steps of one model, Align Your Steps (the same paper)
    - GITS: levels that stand dense where the ways to images bend, for 2 to 20 steps, Chen et al. 2024
      (arXiv:2405.11326), with the coefficient 1.2

    ``denoise`` below 1 takes the last ``steps`` of a longer walk, of steps / denoise: for image to image, that many
    steps are taken nevertheless. 0 takes none. ``penultimate`` discarded makes one step more and drops the last sigma
    before 0, as is usual with dpm_2, dpm_2_ancestral, uni_pc and uni_pc_bh2.

    Fails with more steps than the model's table has, where the spacing takes its levels from it, and for AYS and
    GITS with a model of flow matching, whose levels are others.
    """
    sigmas = spaced(SPACINGS[spacing], noise_table(trained), steps, denoise, penultimate == "discarded")
    return Sigmas(sigmas, trained)


@node("Beta sigmas")
def beta_sigmas(
    trained: TrainedSchedule | None = None,
    steps: Annotated[int, Range(1, 10000)] = 20,
    alpha: Annotated[float, Range(0.01, 50, 0.01)] = 0.6,
    beta: Annotated[float, Range(0.01, 50, 0.01)] = 0.6,
    denoise: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
) -> Sigmas:
    """Spaces noise levels as quantiles of a beta distribution over the model's timesteps.

    Below 1 both ends get more steps: ``alpha`` is for the end of little noise, ``beta`` for that of much. At 1 and 1
    they are even. Levels that fall together count once, so that there may be fewer steps than were asked for.

    Fails with more steps than the model's table has.
    Paper: Lee et al. 2024, Beta Sampling is All You Need (arXiv:2407.12173).
    """
    spacing = partial(spacings.beta, alpha=alpha, beta=beta)
    return Sigmas(spaced(spacing, noise_table(trained), steps, denoise), trained)


LEFT = Rule(
    "steps <= int(10 * denoise)",
    "at denoise {denoise} fewer than {steps} of the ten timesteps are left; choose fewer steps or more denoise",
    at="denoise",
)


@node("SD-Turbo sigmas", rules=(LEFT,))
def sd_turbo_sigmas(
    trained: TrainedSchedule | None = None,
    steps: Annotated[int, Range(1, 10)] = 1,
    denoise: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
) -> Sigmas:
    """Takes the noise levels of SD-Turbo and SDXL-Turbo: the ten timesteps that they were distilled at.

    ``steps`` counts them from the most noise down; ``denoise`` below 1 begins later.

    Fails for models of flow matching, and where so many steps are not left after ``denoise``.
    Paper: Sauer et al. 2023, Adversarial Diffusion Distillation (arXiv:2311.17042).
    """
    table = noise_table(trained)
    if table.flow:
        raise NodeError("SD-Turbo's timesteps are those of a diffusion, and this model goes along straight paths")
    first = TURBO_STEPS - int(TURBO_STEPS * denoise)
    times = torch.arange(TURBO_STEPS, 0, -1)[first : first + steps] * 100 - 1
    return Sigmas(spacings.ending(table.sigma(times)), trained)
