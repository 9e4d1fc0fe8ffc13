"""Guidance that holds back where the text adds too much."""

from __future__ import annotations

from typing import Annotated

from nodeflow.node import Slider, node
from nodeflow.wires import Conditioning, Denoiser, Guider
from nodes.guidance.classifier_free import by_rule, by_text
from nodes.guidance.predictions.rules import MagnitudeAware


@node("Magnitude-aware guidance")
def magnitude_aware_guidance(
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning,
    scale: Annotated[float, Slider(1, 30, 0.1)] = 10.0,
    alpha: Annotated[float, Slider(0, 20, 0.1)] = 8.0,
) -> Guider:
    """Leads with a scale that falls by itself at steps where the text would add too much.

    With r = ||p - n|| / ||n|| of the predictions of the positive and the negative text, the scale of the step is
    1 + (scale - 1) exp(-alpha r): near 1 at the first steps, where the two differ most and large scales break images,
    and near ``scale`` later. ``alpha`` 0 is classifier-free guidance. At scale 1 the denoiser is asked once.

    Fails when the two texts come from different text encoders.
    Paper: MAMBO-G: Magnitude-Aware Mitigation for Boosted Guidance, 2025 (arXiv:2508.03442).
    """
    if scale == 1:
        return by_text(denoiser, positive)
    return by_rule(denoiser, positive, negative, MagnitudeAware(scale, alpha))
