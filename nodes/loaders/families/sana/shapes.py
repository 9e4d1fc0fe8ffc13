"""What Sana's transformer and its ControlNet are made with, told from weights."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Weights
from nodes.loaders.models.shapes import count_layers

HEAD = 32
"""Numbers a head of linear attention in every Sana."""
CROSS_HEADS = (112, 72)
"""Numbers a head that looks at the text: in those of 1.6 and 4.8, and in those of 0.6 billion weights."""
SIDE = 32
"""Cells on a side of latents at the usual size."""


def blocks_shape(weights: Weights) -> dict[str, Any]:
    """What both have in common."""
    inner, channels, patch, _ = weights["patch_embed.proj.weight"].shape
    block = "transformer_blocks.0."
    cross = weights[f"{block}attn2.to_k.weight"].shape[1]
    head = next((one for one in CROSS_HEADS if inner % one == 0), inner)
    return {
        "in_channels": channels,
        "num_attention_heads": inner // HEAD,
        "attention_head_dim": HEAD,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "num_cross_attention_heads": inner // head,
        "cross_attention_head_dim": head,
        "cross_attention_dim": cross,
        "caption_channels": weights["caption_projection.linear_1.weight"].shape[1],
        "mlp_ratio": len(weights[f"{block}ff.conv_inverted.weight"]) / (2 * inner),
        "attention_bias": f"{block}attn1.to_q.bias" in weights,
        "sample_size": SIDE,
        "patch_size": patch,
    }
