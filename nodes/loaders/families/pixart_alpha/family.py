"""PixArt-alpha: a diffusion transformer that looks at T5's tokens, and is told the size of what it paints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL_HALF
from nodes.loaders.families.pixart_alpha.call import PixArtDenoiser
from nodes.loaders.families.pixart_alpha.names import IGNORABLE, ROWS
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.renaming import original_names
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.filled import FilledText, TextReading
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL

HEAD = 72
"""Numbers a head in every PixArt."""
SIDE = 128
"""Cells on a side of latents at the usual size, where no table of positions tells another."""
TOKENS = 120
"""How many tokens of T5 it was trained with."""

names = original_names(ROWS, "x_embedder.proj.weight")


def shape(weights: Weights) -> dict[str, Any]:
    """Of `PixArtTransformer2DModel`."""
    inner, channels, patch, _ = weights["pos_embed.proj.weight"].shape
    side = round(weights["pos_embed"].shape[1] ** 0.5) * patch if "pos_embed" in weights else SIDE
    return {
        "num_attention_heads": inner // HEAD,
        "attention_head_dim": HEAD,
        "in_channels": channels,
        "out_channels": len(weights["proj_out.weight"]) // patch**2,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "cross_attention_dim": weights["transformer_blocks.0.attn2.to_k.weight"].shape[1],
        "sample_size": side,
        "patch_size": patch,
        "caption_channels": weights["caption_projection.linear_1.weight"].shape[1],
        "use_additional_conditions": "adaln_single.emb.resolution_embedder.linear_1.weight" in weights,
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> PixArtDenoiser:
    return PixArtDenoiser(network, network.prediction)


def read_by(tokens: int) -> FamilyText:
    """How so many tokens are read of a text, in small letters as it was trained."""

    def reading(text: str) -> TextReading:
        return TextReading(text.lower().strip(), tokens)

    def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
        tokenizer, module = loaded["text_encoder"]
        return FilledText(tokenizer, module, reading)

    return FamilyText((TextPart("text_encoder", T5_XXL),), text)


FAMILY = Family(
    name="PixArt-alpha",
    network=FamilyNetwork(
        Architecture(
            "diffusers",
            "PixArtTransformer2DModel",
            shape,
            names,
            ignorable=IGNORABLE,
            precisions=("float16", "bfloat16", "float32"),
        ),
        denoiser,
        layers=ROWS,
    ),
    text=read_by(TOKENS),
    latent=FamilyLatent(
        KL_HALF,
        lambda config: LatentFormat(config.get("in_channels", 4), 8, config.get("sample_size", SIDE)),
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.18215},
    ),
    schedule=lambda config: {
        "_class_name": "DPMSolverMultistepScheduler",
        "num_train_timesteps": 1000,
        "beta_start": 0.0001,
        "beta_end": 0.02,
        "beta_schedule": "linear",
    },
)
