"""Stable Diffusion 3 and 3.5: a joint-attention transformer, led by two CLIP and T5; the last may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL
from nodes.loaders.families.stable_diffusion_3.call import JointDenoiser
from nodes.loaders.families.stable_diffusion_3.control import CONTROL
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.joint import Reader, TripleText
from nodes.loaders.text_encoders.kinds.clip import CLIP_G, CLIP_L_PROJECTED
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL
from nodes.loaders.text_encoders.tokenizing import length_of

T5_TOKENS = 256
"""How many tokens of T5 it was trained with."""
WIDTH = 4096
"""Numbers of a token, which are T5's."""
HEAD = 64


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or Stability AI's."""
    from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers

    if "pos_embed.proj.weight" in weights:
        return weights
    found: Weights = convert_sd3_transformer_checkpoint_to_diffusers(weights)
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `SD3Transformer2DModel`."""
    inner, channels, patch, _ = weights["pos_embed.proj.weight"].shape
    caption, joint = weights["context_embedder.weight"].shape
    layers = count_layers(weights, "transformer_blocks")
    return {
        "sample_size": 128,
        "patch_size": patch,
        "in_channels": channels,
        "out_channels": len(weights["proj_out.weight"]) // patch**2,
        "num_layers": layers,
        "attention_head_dim": HEAD,
        "num_attention_heads": inner // HEAD,
        "joint_attention_dim": joint,
        "caption_projection_dim": caption,
        "pooled_projection_dim": weights["time_text_embed.text_embedder.linear_1.weight"].shape[1],
        "pos_embed_max_size": round(weights["pos_embed.pos_embed"].shape[1] ** 0.5),
        "dual_attention_layers": tuple(
            layer for layer in range(layers) if f"transformer_blocks.{layer}.attn2.to_q.weight" in weights
        ),
        "qk_norm": "rms_norm" if "transformer_blocks.0.attn.norm_q.weight" in weights else None,
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> JointDenoiser:
    return JointDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    clips = tuple(
        Reader(tokenizer, module, length_of(tokenizer, module.config.max_position_embeddings))
        for tokenizer, module in (loaded[place] for place in ("text_encoder", "text_encoder_2") if place in loaded)
    )
    t5 = loaded.get("text_encoder_3")
    width = int(config.get("joint_attention_dim", t5.module.config.d_model if t5 else WIDTH))
    reader = Reader(t5.tokenizer, t5.module, T5_TOKENS) if t5 else None
    return TripleText(clips, reader, width, T5_TOKENS if len(clips) == 2 else 0)


FAMILY = Family(
    name="Stable Diffusion 3",
    network=FamilyNetwork(
        Architecture(
            "diffusers",
            "SD3Transformer2DModel",
            shape,
            names,
            others={r"controlnet_blocks\.": "a ControlNet of a transformer"},
        ),
        denoiser,
    ),
    text=FamilyText(
        (
            TextPart("text_encoder", CLIP_L_PROJECTED),
            TextPart("text_encoder_2", CLIP_G, needed=False),
            TextPart("text_encoder_3", T5_XXL, needed=False),
        ),
        text,
    ),
    latent=FamilyLatent(
        KL,
        lambda config: LatentFormat(config.get("in_channels", 16), 8, int(config.get("sample_size", 128))),
        ("Stable Diffusion 3", "FLUX.1 or Stable Diffusion 3"),
        {"scaling_factor": 1.5305, "shift_factor": 0.0609},
    ),
    schedule=lambda config: flow_schedule(3.0),
    control=CONTROL,
)
