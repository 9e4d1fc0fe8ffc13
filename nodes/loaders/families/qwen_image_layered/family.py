"""Qwen-Image-Layered: Qwen-Image's network as one that takes an image apart into layers that lie upon each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.families.autoencoders.frames import WAN, opaque_vae
from nodes.loaders.families.qwen_image import family as qwen_image
from nodes.loaders.families.qwen_image_layered.call import LayeredDenoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, References
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import in_area
from nodes.loaders.text_encoders.language_model import ChatText

SIDE = 80
"""Cells on a side of latents at the usual size."""
ENCODED = 640
"""Side of a square with as many pixels as an image is taken apart in."""
USUAL = {"image_tokens": (SIDE // 2) ** 2, "root_shift": True, "base_shift": 0.0, "max_shift": 1.0}
"""Noise levels are shifted by the root of how often 256 tokens are in a layer."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `QwenImageTransformer2DModel`, with layers as an axis of its own."""
    return {**qwen_image.shape(weights), "use_additional_t_cond": True, "use_layer3d_rope": True}


def vae_shape(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderKLQwenImage` with a fourth channel."""
    return {**WAN.architecture.shape(weights), "input_channels": weights["encoder.conv_in.weight"].shape[1]}


def denoiser(network: DiffusionNetwork, guidance: float) -> LayeredDenoiser:
    return LayeredDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return ChatText(*loaded["text_encoder"], qwen_image.FRAME.format, -1, qwen_image.DROPPED)


FAMILY = Family(
    name="Qwen-Image-Layered",
    network=FamilyNetwork(Architecture("diffusers", "QwenImageTransformer2DModel", shape), denoiser),
    text=FamilyText(qwen_image.FAMILY.text.parts, text),
    latent=FamilyLatent(
        Autoencoder(replace(WAN.architecture, shape=vae_shape), opaque_vae),
        lambda config: LatentFormat(int(config.get("out_channels") or 16), 8, SIDE),
        ("Qwen-Image-Layered",),
    ),
    schedule=lambda config: flow_schedule(
        1.0, use_dynamic_shifting=True, time_shift_type="exponential", base_image_seq_len=256, **USUAL
    ),
    usual={**USUAL, "base_image_seq_len": 256},
    references=References(lambda size, side: in_area(size, side or ENCODED)),
)
