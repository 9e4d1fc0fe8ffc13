"""Noise levels that were found by optimising them for a model."""

from __future__ import annotations

from typing import Annotated, Literal

import torch

from nodeflow.node import NodeError, Range, Slider, node
from nodeflow.wires import Sigmas, TrainedSchedule
from nodes.schedulers.sigmas.noise_table import noise_table
from nodes.schedulers.sigmas.published import align_your_steps_levels, last_share


@node("Align Your Steps sigmas")
def align_your_steps_sigmas(
    model: Literal["SD1", "SDXL", "SVD"] = "SD1",
    steps: Annotated[int, Range(1, 10000)] = 10,
    denoise: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
    trained: TrainedSchedule | None = None,
) -> Sigmas:
    """Takes noise levels that were optimised for few steps of one model, as NVIDIA has published them.

    They are ten steps; other numbers are found between, evenly in the logarithm. ``denoise`` below 1 takes only that
    share of the steps, the last ones. The last level is 0.

    Fails for models of flow matching.
    Paper: Sabour et al. 2024, Align Your Steps (arXiv:2404.14507).
    """
    if trained is not None and noise_table(trained).flow:
        raise NodeError("these levels are of diffusions, and this model goes along straight paths; choose others")
    return Sigmas(torch.tensor(last_share(align_your_steps_levels(model, steps), steps, denoise)), trained)
