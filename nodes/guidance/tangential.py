"""Guidance by that part of the unconditional prediction which the conditional one shares."""

from __future__ import annotations

from typing import Annotated

from nodeflow.node import Slider, node
from nodeflow.wires import Conditioning, Denoiser, Guider
from nodes.guidance.classifier_free import by_rule, by_text
from nodes.guidance.predictions.rules import Tangential


@node("Tangential guidance")
def tangential_guidance(
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning,
    scale: Annotated[float, Slider(1, 30, 0.1)] = 7.5,
) -> Guider:
    """Leads away from the negative text only along the direction that both predictions have in common.

    The two predictions of a step span a plane; its first singular vector is what they share. Of the negative text's
    prediction the part along it is kept, n', and the rest, which points away from images of any kind, is dropped:
    output = n' + scale (p - n'). It costs no more than classifier-free guidance. At scale 1 the denoiser is asked once.

    Fails when the two texts come from different text encoders.
    Paper: Kwon et al. 2025, TCFG: Tangential Damping Classifier-Free Guidance (arXiv:2503.18137).
    """
    if scale == 1:
        return by_text(denoiser, positive)
    return by_rule(denoiser, positive, negative, Tangential(scale))
