"""LongCat-Image: FLUX's shape, led by what Qwen 2.5 VL reads in a request, quoted words sign by sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.denoisers.calls.packed_calls import PackedDenoiser
from nodes.loaders.adapters.names.flux import ROWS
from nodes.loaders.adapters.names.renamed import row
from nodes.loaders.families.autoencoders.kl import KL
from nodes.loaders.families.longcat_image.quoted_text import MOST, QuotedText
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, Latent, Network, Text, TextPart
from nodes.loaders.models.renaming import by_table
from nodes.loaders.models.shapes import flux_shape
from nodes.loaders.text_encoders.kinds.qwen import QWEN_25_VL_7B

SIDE = 128
"""Cells on a side of latents at the usual size."""
USUAL = {"image_tokens": (SIDE // 2) ** 2}
"""By that size the noise levels are spaced."""
OWN = (
    row("time_in.in_layer", "time_embed.timestep_embedder.linear_1"),
    row("time_in.out_layer", "time_embed.timestep_embedder.linear_2"),
    *(one for one in ROWS if not one.original.startswith("time_in")),
)


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or ComfyUI's, which are FLUX's."""
    return by_table(OWN, weights, len(weights["img_in.weight"])) if "img_in.weight" in weights else weights


def denoiser(network: DiffusionNetwork, guidance: float) -> PackedDenoiser:
    return PackedDenoiser(network, network.prediction, (1, MOST, MOST))


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return QuotedText(*loaded["text_encoder"])


FAMILY = Family(
    name="LongCat-Image",
    network=Network(Architecture("diffusers", "LongCatImageTransformer2DModel", flux_shape, names), denoiser),
    text=Text((TextPart("text_encoder", QWEN_25_VL_7B),), text),
    latent=Latent(
        KL,
        lambda config: LatentFormat(config.get("in_channels", 64) // 4, 8, SIDE),
        ("FLUX.1", "FLUX.1 or Stable Diffusion 3"),
        {"scaling_factor": 0.3611, "shift_factor": 0.1159},
    ),
    schedule=lambda config: {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "num_train_timesteps": 1000,
        "shift": 3.0,
        "use_dynamic_shifting": True,
        "base_shift": 0.5,
        "max_shift": 1.15,
        **USUAL,
    },
    usual=USUAL,
)
