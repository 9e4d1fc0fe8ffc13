"""The shapes of FLUX, Stable Diffusion 3, Z-Image and Qwen-Image, told from weights that have diffusers' names.

Raise KeyError for weights that are missing.
"""

from __future__ import annotations

from typing import Any

from nodeflow.node import NodeError

Weights = dict[str, Any]
HEAD = 128
"""Numbers a head in the models that are in use, by which their rotary axes are told."""


def flux_shape(weights: Weights) -> dict[str, Any]:
    """Of `FluxTransformer2DModel`. Raises NodeError for one that looks at more than a latent."""
    inner, channels = weights["x_embedder.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    if len(weights["proj_out.weight"]) != channels:
        raise NodeError("this FLUX is shown an image besides what it paints (Fill, Canny, Depth); take a plain one")
    return {
        "in_channels": channels,
        "num_layers": _count(weights, "transformer_blocks"),
        "num_single_layers": _count(weights, "single_transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["context_embedder.weight"].shape[1],
        "pooled_projection_dim": weights["time_text_embed.text_embedder.linear_1.weight"].shape[1],
        "guidance_embeds": "time_text_embed.guidance_embedder.linear_1.weight" in weights,
        "axes_dims_rope": _axes(head, 16, 56, 56),
    }


def sd3_shape(weights: Weights) -> dict[str, Any]:
    """Of `SD3Transformer2DModel`."""
    inner, channels, patch, _ = weights["pos_embed.proj.weight"].shape
    caption, joint = weights["context_embedder.weight"].shape
    layers = _count(weights, "transformer_blocks")
    return {
        "sample_size": 128,
        "patch_size": patch,
        "in_channels": channels,
        "out_channels": len(weights["proj_out.weight"]) // patch**2,
        "num_layers": layers,
        "attention_head_dim": 64,
        "num_attention_heads": inner // 64,
        "joint_attention_dim": joint,
        "caption_projection_dim": caption,
        "pooled_projection_dim": weights["time_text_embed.text_embedder.linear_1.weight"].shape[1],
        "pos_embed_max_size": round(weights["pos_embed.pos_embed"].shape[1] ** 0.5),
        "dual_attention_layers": tuple(
            layer for layer in range(layers) if f"transformer_blocks.{layer}.attn2.to_q.weight" in weights
        ),
        "qk_norm": "rms_norm" if "transformer_blocks.0.attn.norm_q.weight" in weights else None,
    }


def z_image_shape(weights: Weights) -> dict[str, Any]:
    """Of `ZImageTransformer2DModel`."""
    dim, cells = weights["all_x_embedder.2-1.weight"].shape
    head = len(weights["layers.0.attention.norm_q.weight"])
    return {
        "in_channels": cells // 4,
        "dim": dim,
        "n_layers": _count(weights, "layers"),
        "n_refiner_layers": _count(weights, "noise_refiner"),
        "n_heads": dim // head,
        "n_kv_heads": len(weights["layers.0.attention.to_k.weight"]) // head,
        "cap_feat_dim": len(weights["cap_embedder.0.weight"]),
        "axes_dims": _axes(head, 32, 48, 48),
        "axes_lens": (1536, 512, 512),
    }


def qwen_image_shape(weights: Weights) -> dict[str, Any]:
    """Of `QwenImageTransformer2DModel`."""
    inner, channels = weights["img_in.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    return {
        "in_channels": channels,
        "out_channels": len(weights["proj_out.weight"]) // 4,
        "num_layers": _count(weights, "transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["txt_in.weight"].shape[1],
        "axes_dims_rope": _axes(head, 16, 56, 56),
    }


def _count(weights: Weights, place: str) -> int:
    """Return how many layers a list of them has."""
    return 1 + max(int(name.split(".")[1]) for name in weights if name.startswith(f"{place}."))


def _axes(head: int, *parts: int) -> tuple[int, ...]:
    """The shares of a head that rotate by each axis, which stand in no file: those of the models that are in use."""
    return tuple(part * head // HEAD for part in parts)
