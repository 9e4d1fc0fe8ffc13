"""Noise levels that were found along the curves which pictures come into being on."""

from __future__ import annotations

from typing import Annotated

import torch

from nodeflow.node import NodeError, Range, Slider, node
from nodeflow.wires import Sigmas, TrainedSchedule
from nodes.schedulers.sigmas.noise_table import noise_table
from nodes.schedulers.sigmas.published import gits_levels, last_share


@node("GITS sigmas")
def gits_sigmas(
    coefficient: Annotated[float, Slider(0.8, 1.5, 0.05)] = 1.2,
    steps: Annotated[int, Range(2, 1000)] = 10,
    denoise: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
    trained: TrainedSchedule | None = None,
) -> Sigmas:
    """Takes noise levels that suit how the ways to images bend, as their authors have published them.

    Ways to different images of Stable Diffusion 1 bend alike: straight at first, then in one curve. The levels stand
    dense where it bends. The larger the ``coefficient``, from 0.8 to 1.5, the more of them at little noise; it counts
    in steps of 0.05. They are known for 2 to 20 steps; for more, others are found between those of 20, evenly in the
    logarithm. ``denoise`` below 1 takes only that share of the steps, the last ones. The last level is 0.

    Fails for models of flow matching.
    Paper: Chen et al. 2024, On the Trajectory Regularity of ODE-based Diffusion Sampling (arXiv:2405.11326).
    """
    if trained is not None and noise_table(trained).flow:
        raise NodeError("these levels are of diffusions, and this model goes along straight paths; choose others")
    return Sigmas(torch.tensor(last_share(gits_levels(coefficient, steps), steps, denoise)), trained)
