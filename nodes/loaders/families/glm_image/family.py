"""GLM-Image: CogView 4's kind of transformer, told a plan of the image in tokens, and by ByT5 what is to be written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL
from nodes.loaders.families.glm_image.call import GlmImageDenoiser
from nodes.loaders.families.glm_image.planner import CELL, GLM_IMAGE
from nodes.loaders.families.glm_image.text import GlmImageText
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import (
    Encoding,
    Family,
    FamilyLatent,
    FamilyNetwork,
    FamilyText,
    References,
    Size,
    TextPart,
)
from nodes.loaders.models.flow_schedule import BY_TOKENS, flow_schedule
from nodes.loaders.models.shapes import cogview_shape
from nodes.loaders.text_encoders.kinds.t5 import BYT5

PATCH = 2
SIDE = 128
"""Cells on a side of latents at the usual size."""
USUAL = {"image_tokens": (SIDE // PATCH) ** 2, "root_shift": True, "whole_times": True, "levels_beyond": 1}
"""By the root of that size the noise levels are spaced, and the last of them is left out."""
PIXELS, LEAST, MOST = 1024, 512, 2048
"""A reference has about as many pixels as a square of this side, and its sides lie between the others."""
MEAN = (
    *(-0.2080078125, 1.875, -0.470703125, -1.265625, -1.421875, 0.77734375, -0.3671875, -0.9453125),
    *(0.318359375, 0.7734375, -0.1884765625, -0.022216796875, -0.220703125, -1.59375, -0.81640625, -0.255859375),
)
DEVIATION = (
    *(3.0625, 2.203125, 2.265625, 4.84375, 2.5, 3.9375, 2.203125, 3.03125),
    *(2.1875, 2.046875, 2.71875, 2.390625, 2.390625, 2.453125, 2.25, 2.15625),
)
"""Of each channel of its VAE's latents, as that one's configuration has them."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `GlmImageTransformer2DModel`."""
    found = cogview_shape(weights, "image_projector.proj.weight", "glyph_projector.net.0.proj.weight", 4, PATCH)
    return found | {"prior_vq_quantizer_codebook_size": len(weights["prior_token_embedding.weight"])}


def denoiser(network: DiffusionNetwork, guidance: float) -> GlmImageDenoiser:
    return GlmImageDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return GlmImageText(loaded["text_encoder"], loaded["vision_language_encoder"])


def sized(size: Size, side: int) -> Size:
    """Sides of whole tokens, of about as many pixels in the same ratio."""
    height, width = size
    share = (side or PIXELS) / math.sqrt(height * width)
    least = min(LEAST, (side or LEAST) // CELL * CELL)
    found = (min(max(round(one * share / CELL) * CELL, least), MOST) for one in (height, width))
    return next(found), next(found)


FAMILY = Family(
    name="GLM-Image",
    network=FamilyNetwork(Architecture("diffusers", "GlmImageTransformer2DModel", shape), denoiser),
    text=FamilyText(
        (
            TextPart("text_encoder", BYT5),
            TextPart("vision_language_encoder", GLM_IMAGE, beside="processor"),
        ),
        text,
    ),
    latent=FamilyLatent(
        KL,
        lambda config: LatentFormat(config.get("in_channels", 16), 8, SIDE),
        ("CogView 4 or GLM-Image",),
        {"latents_mean": MEAN, "latents_std": DEVIATION},
    ),
    schedule=lambda config: flow_schedule(
        1.0, **BY_TOKENS | {"base_shift": 0.25, "max_shift": 0.75}, time_shift_type="linear", **USUAL
    ),
    usual=USUAL,
    references=References(sized, sized),
)
