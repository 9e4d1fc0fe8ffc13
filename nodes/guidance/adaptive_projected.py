"""Guidance whose part along the prediction is held back."""

from __future__ import annotations

from typing import Annotated

from nodeflow.node import Slider, node
from nodeflow.wires import Conditioning, Denoiser, Guider
from nodes.guidance.classifier_free import by_rule, by_text
from nodes.guidance.predictions.rules import AdaptiveProjected


@node("Adaptive projected guidance")
def adaptive_projected_guidance(
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning,
    scale: Annotated[float, Slider(1, 30, 0.1)] = 7.5,
    eta: Annotated[float, Slider(0, 1, 0.05)] = 0.0,
    largest: Annotated[float, Slider(0, 100, 0.5)] = 15.0,
    momentum: Annotated[float, Slider(-1, 1, 0.05)] = 0.0,
) -> Guider:
    """Leads towards the text at large scales without the colours growing too vivid.

    What the text adds, d = p - n for the predictions of the positive and the negative text, has a part along p, which
    saturates, and one across it, which adds detail. The first counts ``eta`` times: 1 is classifier-free guidance, 0
    leaves it out. Before that d is made no longer than ``largest``, its norm over the whole latent; 0 leaves it as long
    as it is, and larger images need larger values. At scale 1 the denoiser is asked once, with the positive text alone.
    It works on what the network predicts (noise, velocity or flow). ``momentum`` times the d of the step before is
    added to d before all this; the paper's -0.5 to -0.75 leads away from where the last steps went.

    Fails when the two texts come from different text encoders.
    Paper: Sadat et al. 2024, Eliminating Oversaturation and Artifacts of High Guidance Scales in Diffusion Models
    (arXiv:2410.02416).
    """
    if scale == 1:
        return by_text(denoiser, positive)
    return by_rule(denoiser, positive, negative, AdaptiveProjected(scale, eta, largest, momentum))
