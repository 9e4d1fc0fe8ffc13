"""Fibo: a joint-attention transformer, each block led by a layer of its own of what SmolLM3 reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.fibo.call import FiboDenoiser
from nodes.loaders.families.fibo.smollm import SMOLLM_3
from nodes.loaders.families.fibo.wan_22 import SETTINGS, WAN_22
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import BY_TOKENS, flow_schedule
from nodes.loaders.models.shapes import flux_shape
from nodes.loaders.text_encoders.bare import BareText

SIDE = 64
"""Cells on a side of latents at the usual size."""
MOST = 3000
"""Tokens of a text that are read."""
BEGIN = 128000
"""The token that stands for an empty text."""
USUAL = {"image_tokens": SIDE**2}
"""By that size the noise levels are spaced."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `BriaFiboTransformer2DModel`."""
    return {**flux_shape(weights), "text_encoder_dim": weights["caption_projection.0.linear.weight"].shape[1]}


def denoiser(network: DiffusionNetwork, guidance: float) -> FiboDenoiser:
    return FiboDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    """Every layer's states, side by side; an empty text, which is what guidance leads away from, is one token."""
    tokenizer, module = loaded["text_encoder"]
    layers = tuple(range(int(module.config.num_hidden_layers) + 1))
    return BareText(tokenizer, module, layers, MOST, empty=BEGIN)


FAMILY = Family(
    name="Fibo",
    network=FamilyNetwork(Architecture("diffusers", "BriaFiboTransformer2DModel", shape), denoiser),
    text=FamilyText((TextPart("text_encoder", SMOLLM_3),), text),
    latent=FamilyLatent(
        WAN_22, lambda config: LatentFormat(int(config.get("in_channels", 48)), 16, SIDE), ("Wan 2.2",), SETTINGS
    ),
    schedule=lambda config: flow_schedule(1.0, **BY_TOKENS, **USUAL),
    usual=USUAL,
)
