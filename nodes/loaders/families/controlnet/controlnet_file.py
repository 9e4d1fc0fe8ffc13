"""A ControlNet in one safetensors file, with the original names of its weights or those of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodes.loaders.families.controlnet.controlnet_network import DiffusersControlNet, as_controlnet
from nodes.loaders.families.controlnet.union import UnionControlNet, as_union, union_shape
from nodes.loaders.families.stable_diffusion.other_weights import PARTS
from nodes.loaders.read.made_of import made_of
from nodes.loaders.read.parts import LoadTarget
from nodes.loaders.read.training_leftovers import AVERAGES, BUFFERS
from nodes.loaders.read.weights import fill, read_file, told

LAYERS = 2
"""A block, in all models that are in use."""
SIZE_WIDTH = 256
"""How many numbers tell XL a size."""


TOLD = {"label_emb.0.0": "add_embedding.linear_1", "label_emb.0.2": "add_embedding.linear_2"}
"""What tells XL's the text as a whole and sizes: the original name and diffusers', whose converter leaves it out."""
UNION = "task_embedding"
"""A weight that a union of ControlNets alone has."""
IGNORABLE = (BUFFERS, AVERAGES, PARTS)
"""The whole model that some files have beside the ControlNet."""
OTHERS: Mapping[str, str] = {
    r"^(control_model\.)?difference$": "the difference of a ControlNet from a U-Net, to which it has to be added",
    r"^(control_model\.)?lora_controlnet$": "a Control-LoRA",
}
"""What a file truly is, by a mark in the names of its weights."""


def load_controlnet_file(path: Path, target: LoadTarget) -> DiffusersControlNet | UnionControlNet:
    """Raises NodeError for another kind of network, damaged or missing weights."""
    from diffusers import ControlNetModel, ControlNetUnionModel
    from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint

    read = read_file(path, "control_model.")
    read.refuse_others(path, OTHERS)
    weights = dict(read)
    if "time_embed.0.weight" in read:
        with made_of(path, "ControlNet", read), read.followed:
            weights = convert_controlnet_checkpoint(read, {"layers_per_block": LAYERS}) | _told(read)
    union = UNION in weights
    shape = told(path, controlnet_shape, weights) | (told(path, union_shape, weights) if union else {})
    with made_of(path, "ControlNet", read), torch.device("meta"):
        module = (ControlNetUnionModel if union else ControlNetModel)(**shape)
    fill(path, module, read.given(module, weights), target.dtype, "ControlNet")
    read.close(path, IGNORABLE)
    return as_union(module) if union else as_controlnet(module)


def _told(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    names = {f"{old}.{end}": f"{new}.{end}" for old, new in TOLD.items() for end in ("weight", "bias")}
    return {new: weights[old] for old, new in names.items() if old in weights}


def controlnet_shape(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Of `ControlNetModel`, told from weights with diffusers' names. Raises KeyError where some are missing."""
    levels = range(next(n for n in count() if f"down_blocks.{n}.resnets.0.conv1.weight" not in weights))
    widths = [len(weights[f"down_blocks.{n}.resnets.0.conv1.weight"]) for n in levels]
    depths = [_depth(weights, f"down_blocks.{n}.attentions.0.") for n in levels]
    middle = "mid_block.attentions.0."
    linear = weights[f"{middle}proj_in.weight"].ndim == 2
    hint = "controlnet_cond_embedding."
    halvings = next(n for n in count() if f"{hint}blocks.{2 * n}.weight" not in weights)
    sized = weights.get("add_embedding.linear_1.weight")
    sizes = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": SIZE_WIDTH,
        "projection_class_embeddings_input_dim": 0 if sized is None else sized.shape[1],
    }
    return {
        "in_channels": weights["conv_in.weight"].shape[1],
        "conditioning_channels": weights[f"{hint}conv_in.weight"].shape[1],
        "conditioning_embedding_out_channels": [
            len(weights[f"{hint}conv_in.weight"]),
            *(len(weights[f"{hint}blocks.{2 * n + 1}.weight"]) for n in range(halvings)),
        ],
        "block_out_channels": widths,
        "down_block_types": ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths],
        "layers_per_block": next(n for n in count() if f"down_blocks.0.resnets.{n}.conv1.weight" not in weights),
        "transformer_layers_per_block": [*(depth or 1 for depth in depths[:-1]), _depth(weights, middle)],
        "cross_attention_dim": weights[f"{middle}transformer_blocks.0.attn2.to_k.weight"].shape[1],
        "attention_head_dim": [max(width // 64, 1) for width in widths] if linear else 8,
        "use_linear_projection": linear,
        **({} if sized is None else sizes),
    }


def _depth(weights: Mapping[str, Tensor], inside: str) -> int:
    return next(n for n in count() if f"{inside}transformer_blocks.{n}.attn1.to_q.weight" not in weights)
