"""Stable Diffusion's U-Nets, as CompVis named their layers, which XL's kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from nodes.networks.layer_call import has_weight

ENDS: Mapping[str, str] = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "time_embedding.cond_proj": "time_embed.cond_proj",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "class_embedding.linear_1": "label_emb.0.0",
    "class_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
RESNET: Mapping[str, str] = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}


def original_names(module: Any) -> Iterator[tuple[str, str]]:
    """Layers of diffusers' U-Net and their original names."""
    yield from ENDS.items()
    parts = dict(module.named_modules())
    for ours, theirs in _places(module):
        part: Any = parts.get(ours, torch.nn.Identity())
        for name, layer in part.named_modules():
            if has_weight(layer):
                kept = RESNET.get(name, name) if ".resnets." in ours else name
                yield ".".join(filter(None, (ours, name))), ".".join(filter(None, (theirs, kept)))


def _places(module: Any) -> Iterator[tuple[str, str]]:
    """The parts of the blocks by both names. Blocks are counted through on the way down, and on the way up."""
    count = 1
    for number, block in enumerate(module.down_blocks):
        for inside in range(len(getattr(block, "resnets", ()))):
            yield from _level(block, f"down_blocks.{number}", inside, f"input_blocks.{count}")
            count += 1
        if getattr(block, "downsamplers", None):
            yield f"down_blocks.{number}.downsamplers.0.conv", f"input_blocks.{count}.0.op"
            count += 1
    middle = getattr(module, "mid_block", None)
    if middle is not None:
        yield "mid_block.resnets.0", "middle_block.0"
        if getattr(middle, "attentions", None):
            yield "mid_block.attentions.0", "middle_block.1"
        yield "mid_block.resnets.1", "middle_block.2"
    count = 0
    for number, block in enumerate(module.up_blocks):
        for inside in range(len(getattr(block, "resnets", ()))):
            yield from _level(block, f"up_blocks.{number}", inside, f"output_blocks.{count}")
            if inside == len(block.resnets) - 1 and getattr(block, "upsamplers", None):
                place = 2 if getattr(block, "attentions", None) else 1
                yield f"up_blocks.{number}.upsamplers.0.conv", f"output_blocks.{count}.{place}.conv"
            count += 1


def _level(block: Any, ours: str, inside: int, theirs: str) -> Iterator[tuple[str, str]]:
    yield f"{ours}.resnets.{inside}", f"{theirs}.0"
    if getattr(block, "attentions", None):
        yield f"{ours}.attentions.{inside}", f"{theirs}.1"
