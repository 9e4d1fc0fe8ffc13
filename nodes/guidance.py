"""What leads a denoiser towards the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Conditioning, Denoiser, Guided, Guider


@dataclass(frozen=True, eq=False)
class Unguided:
    """The denoiser's own prediction for a text."""

    denoiser: Denoiser
    conditioning: Conditioning

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        output = self.denoiser.predict(x, timestep, self.conditioning)
        return Guided(output, output)


@dataclass(frozen=True, eq=False)
class ClassifierFree:
    """Positive and negative text in one batch, as diffusers' pipelines do."""

    denoiser: Denoiser
    positive: Conditioning
    negative: Conditioning
    scale: float
    rescale: float

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        both = Conditioning(torch.cat([_rows(text.tokens, len(x)) for text in (self.negative, self.positive)]))
        unconditional, conditional = self.denoiser.predict(torch.cat([x, x]), timestep, both).chunk(2)
        output = guide(conditional, unconditional, self.scale)
        if self.rescale:
            output = rescale_guided(output, conditional, self.rescale)
        return Guided(output, conditional, unconditional)


def guide(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Ho & Salimans 2022 (arXiv:2207.12598), eq. 6, with w = scale - 1: u + scale (c - u), each (B, C, h, w)."""
    return unconditional + scale * (conditional - unconditional)


def rescale_guided(guided: Tensor, conditional: Tensor, phi: float) -> Tensor:
    """Lin et al. 2023 (arXiv:2305.08891), eq. 14 to 16: guided towards the conditional's deviation, by a share phi."""
    axes = list(range(1, guided.ndim))
    rescaled = guided * (conditional.std(dim=axes, keepdim=True) / guided.std(dim=axes, keepdim=True))
    return phi * rescaled + (1 - phi) * guided


def _rows(tokens: Tensor, batch: int) -> Tensor:
    return tokens if len(tokens) == batch else tokens.expand(batch, *tokens.shape[1:])


@node("Classifier-free guidance")
def classifier_free_guidance(
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning | None = None,
    scale: Annotated[float, Slider(1, 30, 0.1)] = 7.5,
    rescale: Annotated[float, Slider(0, 1, 0.05)] = 0.0,
) -> Guider:
    """Leads the picture towards the positive text and away from the negative one.

    At every step the denoiser is asked twice, in one batch: output = n + scale (p - n), with p for the positive and n
    for the negative text. For the usual "no text" wire an empty text to ``negative``. A larger ``scale`` follows the
    text more and varies less. At scale 1, or with no wire at ``negative``, there is nothing to lead away from: the
    denoiser is asked once, with the positive text alone, and a step takes half the time. ``rescale`` takes back the
    overexposure of large scales: 0 is off, about 0.7 is usual.

    Fails when the two texts come from different text encoders.
    Papers: Ho & Salimans 2022, Classifier-Free Diffusion Guidance (arXiv:2207.12598); rescale: Lin et al. 2023,
    Common Diffusion Noise Schedules and Sample Steps are Flawed (arXiv:2305.08891), section 3.4.
    """
    if negative is None or scale == 1:
        return Unguided(denoiser, positive)
    if positive.tokens.shape[1:] != negative.tokens.shape[1:]:
        raise NodeError("positive and negative come from different text encoders; wire both to the same one")
    return ClassifierFree(denoiser, positive, negative, scale, rescale)


@node("No guidance")
def no_guidance(denoiser: Denoiser, conditioning: Conditioning) -> Guider:
    """Uses the denoiser's own prediction for the text, once a step.

    Pictures follow the text less than with guidance and vary more. It is right for models that were distilled to need
    no guidance (LCM among them).
    """
    return Unguided(denoiser, conditioning)
