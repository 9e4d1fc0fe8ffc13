"""Qwen-Image's ControlNets (InstantX's union): some of the transformer's blocks again."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers, rotary_axes


def shape(weights: Weights) -> dict[str, Any]:
    """Of `QwenImageControlNetModel`."""
    inner, channels = weights["img_in.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    return {
        "in_channels": channels,
        "out_channels": channels // 4,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["txt_in.weight"].shape[1],
        "axes_dims_rope": rotary_axes(head, 16, 56, 56),
        "extra_condition_channels": weights["controlnet_x_embedder.weight"].shape[1] - channels,
    }


CONTROL = Architecture("diffusers", "QwenImageControlNetModel", shape)
