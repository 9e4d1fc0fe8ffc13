"""Wan 2.2's autoencoder (Wan team 2025, arXiv:2503.20314): an image is a film of one frame, a cell 16 pixels."""

from __future__ import annotations

from itertools import count
from typing import Any

from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.families.autoencoders.frames import frames_vae, qwen_21_shape
from nodes.loaders.families.autoencoders.qwen_image_vae import FramesVAE
from nodes.loaders.models.architecture import Architecture, Weights

PATCH = 2
"""Pixels on a side of a patch before the first layer."""
MEAN = (
    *(-0.2289, -0.0052, -0.1323, -0.2339, -0.2799, 0.0174, 0.1838, 0.1557, -0.1382, 0.0542, 0.2813, 0.0891),
    *(0.1570, -0.0098, 0.0375, -0.1825, -0.2246, -0.1207, -0.0698, 0.5109, 0.2665, -0.2108, -0.2158, 0.2502),
    *(-0.2055, -0.0322, 0.1109, 0.1567, -0.0729, 0.0899, -0.2799, -0.1230, -0.0313, -0.1649, 0.0117, 0.0723),
    *(-0.2839, -0.2083, -0.0520, 0.3748, 0.0152, 0.1957, 0.1433, -0.2944, 0.3573, -0.0548, -0.1681, -0.0667),
)
DEVIATION = (
    *(0.4765, 1.0364, 0.4514, 1.1677, 0.5313, 0.4990, 0.4818, 0.5013, 0.8158, 1.0344, 0.5894, 1.0901),
    *(0.6885, 0.6165, 0.8454, 0.4978, 0.5759, 0.3523, 0.7135, 0.6804, 0.5833, 1.4146, 0.8986, 0.5659),
    *(0.7069, 0.5338, 0.4889, 0.4917, 0.4069, 0.4999, 0.6866, 0.4093, 0.5709, 0.6065, 0.6415, 0.4944),
    *(0.5726, 1.2042, 0.5458, 1.6887, 0.3971, 1.0600, 0.3943, 0.5537, 0.5444, 0.4089, 0.7468, 0.7744),
)
"""Of each channel, as its makers' code has them."""
SETTINGS = {"latents_mean": MEAN, "latents_std": DEVIATION}


def shape(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderKLWan`, in diffusers' own names."""
    blocks = next(n for n in count() if f"decoder.up_blocks.{n}.resnets.0.conv1.weight" not in weights)
    last = len(weights[f"decoder.up_blocks.{blocks - 1}.resnets.0.conv1.weight"])
    return {
        **qwen_21_shape(weights),
        "decoder_base_dim": last,
        "is_residual": True,
        "patch_size": PATCH,
        "scale_factor_spatial": 2**blocks,
    }


def wire(module: Any, side: int) -> FramesVAE:
    """A VAE whose patches are cells of the first layer, so that its latents are half as large."""
    plain = frames_vae(module, side)
    downscale = int(module.config.scale_factor_spatial)
    format = type(plain.format)(plain.format.channels, downscale, side)
    return type(plain)(plain.module, format, plain.mean, plain.deviation)


WAN_22 = Autoencoder(Architecture("diffusers", "AutoencoderKLWan", shape), wire)
