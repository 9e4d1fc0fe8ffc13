"""Stable Diffusion 3's ControlNets (InstantX's, Stability AI's for 3.5): some of the transformer's blocks again."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers

HEAD = 64
IMAGE = "pos_embed_input.proj.weight"


def shape(weights: Weights) -> dict[str, Any]:
    """Of `SD3ControlNetModel`; those without positions of their own are 3.5's, which read no tokens."""
    inner, channels, patch, _ = weights[IMAGE].shape
    context, positions = weights.get("context_embedder.weight"), weights.get("pos_embed.pos_embed")
    layers = count_layers(weights, "transformer_blocks")
    own = len(weights["pos_embed.proj.weight"][0]) if "pos_embed.proj.weight" in weights else channels
    return {
        "patch_size": patch,
        "in_channels": own,
        "extra_conditioning_channels": channels - own,
        "num_layers": layers,
        "attention_head_dim": HEAD,
        "num_attention_heads": inner // HEAD,
        "joint_attention_dim": None if context is None else context.shape[1],
        "caption_projection_dim": inner if context is None else len(context),
        "pooled_projection_dim": weights["time_text_embed.text_embedder.linear_1.weight"].shape[1],
        "pos_embed_max_size": None if positions is None else round(positions.shape[1] ** 0.5),
        "pos_embed_type": "sincos" if positions is not None else None,
        "use_pos_embed": "pos_embed.proj.weight" in weights,
        "dual_attention_layers": tuple(
            layer for layer in range(layers) if f"transformer_blocks.{layer}.attn2.to_q.weight" in weights
        ),
        "qk_norm": "rms_norm" if "transformer_blocks.0.attn.norm_q.weight" in weights else None,
        "force_zeros_for_pooled_projection": context is not None,
    }


CONTROL = Architecture("diffusers", "SD3ControlNetModel", shape)
