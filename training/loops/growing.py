"""Grows a U-Net by one level at the outside, for pictures twice as wide (after Karras et al. 2018, arXiv:1710.10196).

What was learnt on small pictures becomes the inside of the larger network; only the new level begins from nothing.
"""

import re
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor


@torch.no_grad()
def grown(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """The same with another outer level, as wide as the outermost was."""
    kept = {name: value for name, value in unet.config.items() if not name.startswith("_")}
    doubled: dict[str, Any] = {
        "sample_size": 2 * unet.config.sample_size,
        "block_out_channels": (unet.config.block_out_channels[0], *unet.config.block_out_channels),
        "down_block_types": (unet.config.down_block_types[0], *unet.config.down_block_types),
        "up_block_types": (*unet.config.up_block_types, unet.config.up_block_types[-1]),
    }
    larger = UNet2DConditionModel(**{**kept, **doubled})
    larger.load_state_dict(_moved_inside(unet.state_dict()), strict=False)
    return larger


def _moved_inside(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The blocks of the way down, a level further in; those of the way up are counted from the middle already."""
    return {re.sub(r"^down_blocks\.(\d+)\.", _one_further, name): weight for name, weight in weights.items()}


def _one_further(found: re.Match[str]) -> str:
    return f"down_blocks.{int(found[1]) + 1}."
