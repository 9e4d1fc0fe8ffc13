"""The shapes of Stable Diffusion 1.x and 2.x networks, told from the weights of an original file."""

from __future__ import annotations

from itertools import count
from typing import Any

from torch import Tensor

from nodeflow.node import NodeError

Weights = dict[str, Tensor]

UNET_KEY = "model.diffusion_model."
VAE_KEY = "first_stage_model."
CLIP_KEY = "cond_stage_model.transformer.text_model."
OPEN_CLIP_KEY = "cond_stage_model.model."


def is_second(weights: Weights) -> bool:
    """Whether it is version 2, whose text encoder is OpenCLIP's."""
    return f"{OPEN_CLIP_KEY}token_embedding.weight" in weights


def unet_config(weights: Weights) -> dict[str, Any]:
    """Of `UNet2DConditionModel`: Stable Diffusion's, with the widths and levels that the weights have."""
    second = is_second(weights)
    levels: list[list[int]] = [[]]
    attends: list[bool] = [False]
    context, linear = 0, False
    for block in count(1):
        inside = f"{UNET_KEY}input_blocks.{block}."
        if f"{inside}0.op.weight" in weights:
            levels.append([])
            attends.append(False)
        elif f"{inside}0.out_layers.3.weight" in weights:
            levels[-1].append(weights[f"{inside}0.out_layers.3.weight"].shape[0])
        else:
            break
        keys = f"{inside}1.transformer_blocks.0.attn2.to_k.weight"
        if keys in weights:
            attends[-1] = True
            context = weights[keys].shape[1]
            linear = weights[f"{inside}1.proj_in.weight"].ndim == 2
    widths = [level[-1] if level else 0 for level in levels]
    return {
        "sample_size": 96 if second else 64,
        "in_channels": _width(weights, f"{UNET_KEY}input_blocks.0.0.weight", 1),
        "out_channels": _width(weights, f"{UNET_KEY}out.2.weight", 0),
        "block_out_channels": widths,
        "layers_per_block": len(levels[0]),
        "down_block_types": ["CrossAttnDownBlock2D" if attend else "DownBlock2D" for attend in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if attend else "UpBlock2D" for attend in reversed(attends)],
        "cross_attention_dim": context,
        "attention_head_dim": [max(width // 64, 1) for width in widths] if second else 8,
        "use_linear_projection": linear,
        "upcast_attention": second,
    }


def vae_config(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderKL`: Stable Diffusion's, with the widths and levels that the weights have."""
    widths: list[int] = []
    while (name := f"{VAE_KEY}encoder.down.{len(widths)}.block.0.conv2.weight") in weights:
        widths.append(weights[name].shape[0])
    layers = next(n for n in count() if f"{VAE_KEY}encoder.down.0.block.{n}.conv2.weight" not in weights)
    return {
        "block_out_channels": widths,
        "down_block_types": ["DownEncoderBlock2D"] * len(widths),
        "up_block_types": ["UpDecoderBlock2D"] * len(widths),
        "layers_per_block": layers,
        "latent_channels": _width(weights, f"{VAE_KEY}decoder.conv_in.weight", 1),
        "sample_size": 768 if is_second(weights) else 512,
        "scaling_factor": 0.18215,
    }


def text_config(weights: Weights) -> dict[str, Any]:
    """Of `CLIPTextConfig`: CLIP's text encoder, or OpenCLIP's without its last layer, which version 2 leaves out."""
    second = is_second(weights)
    if second:
        tokens, positions = f"{OPEN_CLIP_KEY}token_embedding.weight", f"{OPEN_CLIP_KEY}positional_embedding"
        layer = OPEN_CLIP_KEY + "transformer.resblocks.{}.mlp.c_fc.weight"
    else:
        tokens = f"{CLIP_KEY}embeddings.token_embedding.weight"
        positions = f"{CLIP_KEY}embeddings.position_embedding.weight"
        layer = CLIP_KEY + "encoder.layers.{}.mlp.fc1.weight"
    layers = next(n for n in count() if layer.format(n) not in weights)
    width = _width(weights, tokens, 1)
    return {
        "vocab_size": _width(weights, tokens, 0),
        "hidden_size": width,
        "intermediate_size": _width(weights, layer.format(0), 0),
        "projection_dim": width,
        "num_hidden_layers": max(layers - 1, 0) if second else layers,
        "num_attention_heads": max(width // 64, 1),
        "max_position_embeddings": _width(weights, positions, 0),
        "hidden_act": "gelu" if second else "quick_gelu",
    }


def _width(weights: Weights, name: str, axis: int) -> int:
    if name not in weights:
        raise NodeError(f"the file has no {name}; it is not laid out as Stable Diffusion 1 or 2")
    return int(weights[name].shape[axis])
