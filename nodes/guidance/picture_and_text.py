"""Guidance for models that change an image: how much of the image, and how much of the text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Conditioning, Denoiser, Guided, Guider
from nodes.denoisers.denoisers import UNetDenoiser
from nodes.guidance.predictions.asking import Unguided
from nodes.guidance.predictions.formulas import led_away
from nodes.guidance.predictions.places import check_plain


@dataclass(frozen=True, eq=False)
class PictureAndText:
    """A denoiser asked with image and text, with the image alone, and with neither."""

    denoiser: UNetDenoiser
    positive: Conditioning
    negative: Conditioning
    scale: float
    picture_scale: float

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        denoiser, shown = self.denoiser, self.denoiser.shown
        assert shown is not None
        blind = replace(denoiser, shown=torch.zeros_like(shown))
        both = denoiser.predict(x, timestep, self.positive)
        picture = denoiser.predict(x, timestep, self.negative)
        neither = blind.predict(x, timestep, self.negative)
        return Guided(guide_both(both, picture, neither, self.scale, self.picture_scale), both, neither)

    def at(self, index: int, total: int) -> Guider:
        denoiser = self.denoiser.at(index, total)
        return self if denoiser is self.denoiser else replace(self, denoiser=denoiser)

    def unguided(self) -> Guider:
        return Unguided(self.denoiser, self.positive)


def guide_both(both: Tensor, picture: Tensor, neither: Tensor, scale: float, picture_scale: float) -> Tensor:
    """Brooks et al. 2023 (arXiv:2211.09800), eq. 3, each (B, C, h, w)."""
    return neither + picture_scale * (picture - neither) + scale * (both - picture)


@node("Image and text guidance")
def picture_and_text_guidance(
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning,
    scale: Annotated[float, Slider(1, 30, 0.1)] = 7.5,
    picture_scale: Annotated[float, Slider(1, 5, 0.05)] = 1.5,
) -> Guider:
    """Leads a model that changes images by the text and by the image, each with a scale of its own.

    At every step the denoiser is asked three times: with image and text (b), with the image and the ``negative``
    text (p), and with that alone (n); output = n + picture_scale (p - n) + scale (b - p). A larger ``scale`` changes
    more, a larger ``picture_scale`` keeps more of the image. For the usual "no text" wire an empty text to
    ``negative``. Wire Edit denoiser to ``denoiser``.

    Fails for a denoiser that is shown no image.
    Paper: Brooks et al. 2023, InstructPix2Pix: Learning to Follow Image Editing Instructions (arXiv:2211.09800).
    """
    if not isinstance(denoiser, UNetDenoiser) or denoiser.shown is None:
        raise NodeError("this denoiser is shown no image beside the text; wire Edit denoiser to it")
    check_plain(positive, negative)
    return PictureAndText(denoiser, positive, led_away(negative), scale, picture_scale)
