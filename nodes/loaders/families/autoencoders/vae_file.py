"""An autoencoder in one safetensors file, with the original names of its weights or those of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import VAE
from nodes.loaders.families.stable_diffusion.other_weights import AVERAGES, BUFFERS, PARTS
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.parts import Target, exact, vae
from nodes.loaders.read.weights import fill, read_file, told

PREFIXES = "first_stage_model.", "vae."
IGNORABLE = (BUFFERS, AVERAGES, PARTS)
"""What training leaves beside the weights, and the other parts of a whole model."""


class Space(NamedTuple):
    """The latents of a model: their channels, how they are scaled and moved, and how many cells a side usually has."""

    channels: int
    scaling: float
    shift: float | None
    side: int


SPACES: Mapping[str, Space] = {
    "Stable Diffusion 1 and 2": Space(4, 0.18215, None, 64),
    "Stable Diffusion XL": Space(4, 0.13025, None, 128),
    "Stable Diffusion 3": Space(16, 1.5305, 0.0609, 128),
    "FLUX": Space(16, 0.3611, 0.1159, 128),
}
"""By model; no file says it."""


def load_autoencoder_file(path: Path, target: Target, made_for: str) -> VAE:
    """Raises NodeError where ``made_for`` names no space or does not fit, and for damaged or missing weights."""
    from diffusers import AutoencoderKL
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

    if made_for not in SPACES:
        raise NodeError(f"{named(path)} does not say whose latents it makes; set made_for to the model it goes with")
    space, read = SPACES[made_for], read_file(path, *PREFIXES)
    weights = dict(read)
    if "encoder.mid.block_1.conv1.weight" in weights:
        levels = next(n for n in count() if f"encoder.down.{n}.block.0.conv1.weight" not in weights)
        blocks = {"down_block_types": [""] * levels, "up_block_types": [""] * levels}
        with read.followed:
            weights = convert_ldm_vae_checkpoint(read, blocks)
    shape = told(path, autoencoder_shape, weights)
    if shape["latent_channels"] != space.channels:
        raise NodeError(
            f"{named(path)} makes latents of {shape['latent_channels']} channels, and those of {made_for} have "
            f"{space.channels}; set made_for to the model it goes with"
        )
    with torch.device("meta"):
        module = AutoencoderKL(**shape, scaling_factor=space.scaling, shift_factor=space.shift)
    xl = made_for == "Stable Diffusion XL"
    fill(path, module, read.given(module, weights), exact(target.dtype) if xl else target.dtype)
    read.close(path, IGNORABLE)
    return vae(module, space.side)


def autoencoder_shape(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Of `AutoencoderKL`, told from weights with diffusers' names. Raises KeyError where some are missing."""
    levels = next(n for n in count() if f"encoder.down_blocks.{n}.resnets.0.conv1.weight" not in weights)
    return {
        "block_out_channels": [len(weights[f"encoder.down_blocks.{n}.resnets.0.conv1.weight"]) for n in range(levels)],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": next(
            n for n in count() if f"encoder.down_blocks.0.resnets.{n}.conv1.weight" not in weights
        ),
        "latent_channels": weights["decoder.conv_in.weight"].shape[1],
        "use_quant_conv": "quant_conv.weight" in weights,
        "use_post_quant_conv": "post_quant_conv.weight" in weights,
        "mid_block_add_attention": "decoder.mid_block.attentions.0.to_q.weight" in weights,
    }
