"""Guidance by two texts and a negative one, each with a scale of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from torch import Tensor

from nodeflow.node import Slider, node
from nodeflow.wires import Conditioning, Denoiser, Guided, Guider
from nodes.guidance.classifier_free import no_guidance
from nodes.guidance.predictions.formulas import guide, led_away

Way = Literal["side by side", "one in the other"]


@dataclass(frozen=True, eq=False)
class Dual:
    """Three predictions of a denoiser, made one."""

    positive: Guider
    middle: Guider
    negative: Guider
    scale: float
    middle_scale: float
    way: Way

    @property
    def denoiser(self) -> Denoiser:
        return self.positive.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        asked = (self.negative, self.middle, self.positive)  # the positive last: the last call's attention is recorded
        negative, middle, found = (one.predict(x, timestep, index, total) for one in asked)
        if self.way == "one in the other":
            inner = guide(found.output, middle.output, self.scale)
            output = guide(inner, negative.output, self.middle_scale)
        else:
            output = guide(middle.output, negative.output, self.middle_scale)
            output = output + self.scale * (found.output - middle.output)
        return Guided(output, found.output, negative.output, found.variance)

    def at(self, index: int, total: int) -> Guider:
        parts = {name: getattr(self, name).at(index, total) for name in ("positive", "middle", "negative")}
        return self if all(getattr(self, name) is part for name, part in parts.items()) else replace(self, **parts)

    def unguided(self) -> Guider:
        return self.positive.unguided()


@node("Dual guidance")
def dual_guidance(
    denoiser: Denoiser,
    positive: Conditioning,
    middle: Conditioning,
    negative: Conditioning,
    scale: Annotated[float, Slider(0, 30, 0.1)] = 5.0,
    middle_scale: Annotated[float, Slider(0, 30, 0.1)] = 2.0,
    way: Way = "side by side",
) -> Guider:
    """Leads from a negative text to a middle one, and from there to the positive one, each with its scale.

    For models that edit: the middle one has the image alone, the positive one image and text. With predictions n, m and
    p it is n + ``middle_scale`` (m - n) + ``scale`` (p - m) side by side, and one in the other
    n + ``middle_scale`` (m + ``scale`` (p - m) - n). The denoiser is asked three times a step.

    Fails when the texts come from different text encoders than the denoiser's.
    Paper: Brooks et al. 2022, InstructPix2Pix (arXiv:2211.09800), eq. 3.
    """
    led = [no_guidance(denoiser, one) for one in (positive, middle, led_away(negative))]
    return Dual(led[0], led[1], led[2], scale, middle_scale, way)
