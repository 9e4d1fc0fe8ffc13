"""FLUX.2 Klein: double and single stream blocks, led by three layers of Qwen 3, and shown reference images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.flux_2 import FLUX_2
from nodes.loaders.families.flux_2_klein.call import Flux2Denoiser
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
from nodes.loaders.models.shapes import count_layers, rotary_axes
from nodes.loaders.text_encoders.kinds.qwen import QWEN_3
from nodes.loaders.text_encoders.padded import PaddedText

SIDE = 64
"""Cells on a side of latents at the usual size."""
PIXELS, MULTIPLE = 1024, 16
"""A reference has at most as many pixels as a square of this side, and sides of multiples of the other."""
USUAL = {"image_tokens": SIDE**2, "empirical_shift": True}
"""By that size, and by the number of steps, the noise levels are spaced."""
LAYERS = 9, 18, 27
"""The hidden layers whose states, side by side, are a text's tokens."""


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or Black Forest Labs'."""
    from diffusers.loaders.single_file_utils import convert_flux2_transformer_checkpoint_to_diffusers

    if "x_embedder.weight" in weights:
        return weights
    found: Weights = convert_flux2_transformer_checkpoint_to_diffusers(weights)
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `Flux2Transformer2DModel`."""
    inner, channels = weights["x_embedder.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    return {
        "in_channels": channels,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "num_single_layers": count_layers(weights, "single_transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["context_embedder.weight"].shape[1],
        "mlp_ratio": weights["transformer_blocks.0.ff.linear_out.weight"].shape[1] / inner,
        "axes_dims_rope": rotary_axes(head, 32, 32, 32, 32),
        "guidance_embeds": "time_guidance_embed.guidance_embedder.linear_1.weight" in weights,
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> Flux2Denoiser:
    return Flux2Denoiser(network, network.prediction, guidance)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    return PaddedText(tokenizer, module, LAYERS)


def scaled(size: Size, side: int) -> Size:
    """No more than the usual number of pixels."""
    height, width = size
    area = (side or PIXELS) ** 2
    share = math.sqrt(area / (height * width)) if height * width > area else 1.0
    return int(height * share), int(width * share)


def sized(size: Size, side: int) -> Size:
    """Of that what makes whole cells."""
    height, width = scaled(size, side)
    return max(height // MULTIPLE, 1) * MULTIPLE, max(width // MULTIPLE, 1) * MULTIPLE


FAMILY = Family(
    name="FLUX.2 Klein",
    network=FamilyNetwork(Architecture("diffusers", "Flux2Transformer2DModel", shape, names), denoiser, guided=True),
    text=FamilyText((TextPart("text_encoder", QWEN_3),), text),
    latent=FamilyLatent(
        FLUX_2, lambda config: LatentFormat(int(config.get("in_channels", 128)), 16, SIDE), ("FLUX.2",)
    ),
    schedule=lambda config: flow_schedule(3.0, **BY_TOKENS, time_shift_type="exponential", **USUAL),
    usual=USUAL,
    references=References(sized, scaled=scaled),
)
