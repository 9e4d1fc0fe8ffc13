"""Bria 3.2: FLUX.1's double and single stream blocks on the latents of Stable Diffusion XL, led by T5's tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.flux_1_latent import USUAL, spaced_by_size
from nodes.loaders.families.autoencoders.kl import KL_FULL
from nodes.loaders.families.bria.call import BriaDenoiser
from nodes.loaders.families.bria.text import BriaText
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.shapes import flux_shape, rotary_axes
from nodes.loaders.text_encoders.filled import FilledText, whole
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL

TOKENS = 128
"""How many tokens of T5 lead."""
PATCH = 4
"""Cells of a patch."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `BriaTransformer2DModel`."""
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    guided = "guidance_embed.timestep_embedder.linear_1.weight" in weights
    return {**flux_shape(weights), "guidance_embeds": guided, "axes_dims_rope": rotary_axes(head, 16, 56, 56)}


def denoiser(network: DiffusionNetwork, guidance: float) -> BriaDenoiser:
    return BriaDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return BriaText(FilledText(*loaded["text_encoder"], whole(TOKENS), zeroed=True))


FAMILY = Family(
    name="Bria",
    network=FamilyNetwork(Architecture("diffusers", "BriaTransformer2DModel", shape), denoiser),
    text=FamilyText((TextPart("text_encoder", T5_XXL),), text),
    latent=FamilyLatent(
        KL_FULL,
        lambda config: LatentFormat(config.get("in_channels", 16) // PATCH, 8, 128),
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.13025},
    ),
    schedule=spaced_by_size,
    usual=USUAL,
)
