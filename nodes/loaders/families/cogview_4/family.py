"""CogView 4: a joint transformer that is told sizes, led by what GLM-4 reads in a text, in Chinese too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL
from nodes.loaders.families.cogview_4.call import CogView4Denoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import BY_TOKENS, flow_schedule
from nodes.loaders.models.shapes import cogview_shape
from nodes.loaders.text_encoders.bare import BareText
from nodes.loaders.text_encoders.kinds.glm import GLM_4

PATCH = 2
SIDE = 128
"""Cells on a side of latents at the usual size."""
USUAL = {"image_tokens": (SIDE // PATCH) ** 2, "root_shift": True, "whole_times": True}
"""By the root of that size the noise levels are spaced."""
LAYER, MOST, MULTIPLE = -2, 1024, 16
"""The hidden layer whose states are a text's tokens, how many are read, and of what their number is a multiple."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `CogView4Transformer2DModel`."""
    found = cogview_shape(weights, "patch_embed.proj.weight", "patch_embed.text_proj.weight", 6, PATCH)
    return found | {"sample_size": SIDE}


def denoiser(network: DiffusionNetwork, guidance: float) -> CogView4Denoiser:
    return CogView4Denoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    return BareText(tokenizer, module, (LAYER,), MOST, MULTIPLE)


FAMILY = Family(
    name="CogView 4",
    network=FamilyNetwork(Architecture("diffusers", "CogView4Transformer2DModel", shape), denoiser),
    text=FamilyText((TextPart("text_encoder", GLM_4),), text),
    latent=FamilyLatent(
        KL,
        lambda config: LatentFormat(config.get("in_channels", 16), 8, SIDE),
        ("CogView 4 or GLM-Image", "FLUX.1 or Stable Diffusion 3"),
        {"scaling_factor": 1.0, "shift_factor": 0.0},
    ),
    schedule=lambda config: flow_schedule(
        1.0, **BY_TOKENS | {"base_shift": 0.25, "max_shift": 0.75}, time_shift_type="linear", **USUAL
    ),
    usual=USUAL,
)
