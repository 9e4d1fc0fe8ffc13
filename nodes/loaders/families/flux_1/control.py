"""FLUX.1's ControlNets (InstantX's, Shakker-Labs'): some of the transformer's blocks again."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers, rotary_axes


def shape(weights: Weights) -> dict[str, Any]:
    """Of `FluxControlNetModel`."""
    inner, channels = weights["x_embedder.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    modes = weights.get("controlnet_mode_embedder.weight")
    hint = weights.get("input_hint_block.conv_in.weight")
    return {
        "in_channels": channels,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "num_single_layers": (
            count_layers(weights, "single_transformer_blocks")
            if any(name.startswith("single_transformer_blocks.") for name in weights)
            else 0
        ),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["context_embedder.weight"].shape[1],
        "pooled_projection_dim": weights["time_text_embed.text_embedder.linear_1.weight"].shape[1],
        "guidance_embeds": "time_text_embed.guidance_embedder.linear_1.weight" in weights,
        "axes_dims_rope": list(rotary_axes(head, 16, 56, 56)),
        "num_mode": None if modes is None else len(modes),
        "conditioning_embedding_channels": None if hint is None else hint.shape[1],
    }


MODES = {"lines": 0, "tile": 1, "depth": 2, "pose": 4}
"""The kinds of images that unions of ControlNets know, which are told them by number."""
CONTROL = Architecture("diffusers", "FluxControlNetModel", shape)
