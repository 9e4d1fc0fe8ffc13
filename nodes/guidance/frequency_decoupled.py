"""Guidance with a scale of its own for coarse shapes and for detail."""

from __future__ import annotations

from typing import Annotated

from nodeflow.node import Slider, node
from nodeflow.wires import Conditioning, Denoiser, Guider
from nodes.guidance.classifier_free import by_rule, by_text
from nodes.guidance.predictions.rules import FrequencyDecoupled


@node("Frequency-decoupled guidance")
def frequency_decoupled_guidance(
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning,
    fine_scale: Annotated[float, Slider(1, 30, 0.1)] = 10.0,
    coarse_scale: Annotated[float, Slider(1, 30, 0.1)] = 5.0,
) -> Guider:
    """Leads detail and coarse shapes towards the text with scales of their own.

    Both predictions are split by a Laplacian pyramid of two levels. Large scales in the coarse level make images alike
    and their colours too vivid; in the fine one they only sharpen. So ``fine_scale`` is the larger one; two equal
    scales are classifier-free guidance.

    Fails when the two texts come from different text encoders.
    Paper: Sadat et al. 2025, Guidance in the Frequency Domain Enables High-Fidelity Sampling at Low CFG Scales
    (arXiv:2506.19713).
    """
    if fine_scale == coarse_scale == 1:
        return by_text(denoiser, positive)
    return by_rule(denoiser, positive, negative, FrequencyDecoupled((fine_scale, coarse_scale)))
