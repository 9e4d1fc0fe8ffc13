"""Guidance for flow models that distrusts their first steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import Range, Slider, node
from nodeflow.wires import Conditioning, Denoiser, Guided, Guider
from nodes.guidance.classifier_free import Changing, by_rule
from nodes.guidance.predictions.rules import ZeroStar


@dataclass(frozen=True, eq=False)
class Resting:
    """Predicts nothing in the place of a guider, so that a step along a flow leaves x as it is."""

    guider: Guider

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        nothing = torch.zeros_like(x)
        return Guided(nothing, nothing)

    def at(self, index: int, total: int) -> Guider:
        return self

    def unguided(self) -> Guider:
        return self.guider.unguided()


@node("CFG-Zero* guidance")
def zero_star_guidance(
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning,
    scale: Annotated[float, Slider(1, 30, 0.1)] = 5.0,
    zero_steps: Annotated[int, Range(0, 100)] = 1,
) -> Guider:
    """Leads flow models towards the text, away from a fitted negative, and leaves the first steps out.

    The negative text's prediction n is scaled to s n, with s = p n / ||n||², which comes closest to the positive one's
    p; output = s n + scale (p - s n). In the first ``zero_steps`` a flow model knows so little that no step is better
    than its own: there the prediction is 0 and the denoiser is not asked. It is for models that predict a flow.

    Fails when the two texts come from different text encoders.
    Paper: Fan et al. 2025, CFG-Zero*: Improved Classifier-Free Guidance for Flow Matching Models (arXiv:2503.18886).
    """
    guider = by_rule(denoiser, positive, negative, ZeroStar(scale))
    return Changing(Resting(guider), guider, zero_steps) if zero_steps else guider
