"""FLUX.1 dev and schnell: a transformer of double and single stream blocks, led by T5's tokens and CLIP's whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.adapters.names.flux import ROWS
from nodes.loaders.families.autoencoders.kl import KL
from nodes.loaders.families.flux_1.call import FluxDenoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, Latent, Network, Text, TextPart
from nodes.loaders.models.renaming import by_table
from nodes.loaders.models.shapes import count_layers, rotary_axes
from nodes.loaders.text_encoders.joint import PairText, Reader
from nodes.loaders.text_encoders.kinds.clip import CLIP_L
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL
from nodes.loaders.text_encoders.tokenizing import length_of

T5_TOKENS = 512
"""How many tokens of T5 it was trained with."""
SIDE = 128
"""Cells on a side of latents at the usual size."""


def names(weights: Weights) -> Weights:
    """diffusers' names, from those, Black Forest Labs' or ComfyUI's; diffusers' own function knows one width alone."""
    return by_table(ROWS, weights, len(weights["img_in.weight"])) if "img_in.weight" in weights else weights


def shape(weights: Weights) -> dict[str, Any]:
    """Of `FluxTransformer2DModel`. Raises NodeError for one that looks at more than a latent."""
    inner, channels = weights["x_embedder.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    if len(weights["proj_out.weight"]) != channels:
        raise NodeError("this FLUX is shown an image besides what it paints (Fill, Canny, Depth); take a plain one")
    return {
        "in_channels": channels,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "num_single_layers": count_layers(weights, "single_transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["context_embedder.weight"].shape[1],
        "pooled_projection_dim": weights["time_text_embed.text_embedder.linear_1.weight"].shape[1],
        "guidance_embeds": "time_text_embed.guidance_embedder.linear_1.weight" in weights,
        "axes_dims_rope": rotary_axes(head, 16, 56, 56),
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> FluxDenoiser:
    return FluxDenoiser(network, network.prediction, guidance)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    clip, t5 = loaded["text_encoder"], loaded["text_encoder_2"]
    length = length_of(clip.tokenizer, clip.module.config.max_position_embeddings)
    return PairText(Reader(clip.tokenizer, clip.module, length), Reader(t5.tokenizer, t5.module, T5_TOKENS))


def schedule(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of dev, whose noise levels go by the image's size; those of schnell, which is told no guidance, do not."""
    common = {"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000, **USUAL}
    if not config.get("guidance_embeds"):
        return {**common, "shift": 1.0, "use_dynamic_shifting": False}
    return {**common, "shift": 3.0, "use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 1.15}


USUAL = {"image_tokens": (SIDE // 2) ** 2}
"""By that size the noise levels are spaced."""
FAMILY = Family(
    name="FLUX.1",
    network=Network(
        Architecture(
            "diffusers",
            "FluxTransformer2DModel",
            shape,
            names,
            others={r"distilled_guidance_layer\.": "the transformer of Chroma"},
        ),
        denoiser,
        guided=True,
    ),
    text=Text((TextPart("text_encoder", CLIP_L), TextPart("text_encoder_2", T5_XXL)), text),
    latent=Latent(
        KL,
        lambda config: LatentFormat(config.get("in_channels", 64) // 4, 8, SIDE),
        ("FLUX.1", "FLUX.1 or Stable Diffusion 3"),
        {"scaling_factor": 0.3611, "shift_factor": 0.1159},
    ),
    schedule=schedule,
    usual=USUAL,
)
