"""Autoencoders for films that paint images as films of one frame: Qwen-Image's, which has the layout of Wan 2.1."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import torch

from nodeflow.wires import LatentFormat
from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.families.autoencoders.qwen_image_vae import FramesVAE, OpaqueFramesVAE
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.read.parts import ready

ORIGINAL = "encoder.conv1.weight"


def wan_names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones of Wan 2.1."""
    from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers

    if ORIGINAL not in weights:
        return weights
    found: Weights = convert_wan_vae_to_diffusers(dict(weights))
    return found


def wan_shape(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderKLQwenImage`: widths, depths, and which levels halve the number of frames."""
    base = len(weights["encoder.conv_in.weight"])
    widths, frames = [0], list[bool]()
    for block in count():
        inside = f"encoder.down_blocks.{block}."
        if f"{inside}conv1.weight" in weights:
            widths[-1] = len(weights[f"{inside}conv1.weight"])
        elif f"{inside}resample.1.weight" in weights:
            frames.append(f"{inside}time_conv.weight" in weights)
            widths.append(0)
        else:
            break
    return {
        "base_dim": base,
        "z_dim": len(weights["quant_conv.weight"]) // 2,
        "dim_mult": [width // base for width in widths],
        "num_res_blocks": next(n for n in count() if f"encoder.down_blocks.{n}.conv1.weight" not in weights),
        "temperal_downsample": frames,
    }


def frames_vae(module: Any, side: int) -> FramesVAE:
    """A VAE of its network, each channel with a mean and a deviation of its own."""
    config = module.config
    format = LatentFormat(int(config.z_dim), 2 ** len(config.temperal_downsample), side)
    mean, deviation = (torch.tensor(part)[None, :, None, None] for part in (config.latents_mean, config.latents_std))
    return FramesVAE(ready(module), format, mean, deviation)


WAN = Autoencoder(
    Architecture("diffusers", "AutoencoderKLQwenImage", wan_shape, wan_names, precisions=("bfloat16", "float32")),
    frames_vae,
)


WAN_22 = (
    (re.compile(r"^conv1\."), "quant_conv."),
    (re.compile(r"^conv2\."), "post_quant_conv."),
    (re.compile(r"^((en|de)coder)\.conv1\."), r"\1.conv_in."),
    (re.compile(r"\.head\.0\."), ".norm_out."),
    (re.compile(r"\.head\.2\."), ".conv_out."),
    (re.compile(r"\.middle\.1\."), ".mid_block.attentions.0."),
    (re.compile(r"\.middle\.0\."), ".mid_block.resnets.0."),
    (re.compile(r"\.middle\.2\."), ".mid_block.resnets.1."),
    (re.compile(r"\.(down|up)samples\.(\d+)\.\1samples\.\d+\.(resample|time_conv)\."), r".\1_blocks.\2.\1sampler.\3."),
    (re.compile(r"\.(down|up)samples\.(\d+)\.\1samples\.(\d+)\."), r".\1_blocks.\2.resnets.\3."),
    (re.compile(r"\.residual\.0\."), ".norm1."),
    (re.compile(r"\.residual\.2\."), ".conv1."),
    (re.compile(r"\.residual\.3\."), ".norm2."),
    (re.compile(r"\.residual\.6\."), ".conv2."),
    (re.compile(r"\.shortcut\."), ".conv_shortcut."),
)
"""diffusers' names of the parts of Wan 2.2's layout, in which Qwen-Image 2.1's autoencoder is published as a file."""


def wan_22_names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones. Kernels of one frame lose the axis of time, as they have in
    diffusers' class, which is of images alone."""
    if ORIGINAL not in weights:
        return weights
    found: Weights = {}
    for name, tensor in weights.items():
        for pattern, new in WAN_22:
            name = pattern.sub(new, name)
        found[name] = tensor.squeeze(2) if tensor.ndim == 5 and tensor.shape[2] == 1 else tensor
    return found


def qwen_21_shape(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderKLQwenImage21`, in diffusers' own names."""
    base, decoder = len(weights["encoder.conv_in.weight"]), weights["decoder.conv_out.weight"].shape[1]
    levels = next(n for n in count() if f"encoder.down_blocks.{n}.resnets.0.conv1.weight" not in weights)
    widths = [len(weights[f"encoder.down_blocks.{n}.resnets.0.conv1.weight"]) for n in range(levels)]
    return {
        "base_dim": base,
        "decoder_base_dim": decoder,
        "z_dim": len(weights["quant_conv.weight"]) // 2,
        "dim_mult": [width // base for width in widths],
        "num_res_blocks": next(n for n in count() if f"encoder.down_blocks.0.resnets.{n}.conv1.weight" not in weights),
        "temperal_downsample": [
            f"encoder.down_blocks.{n}.downsampler.time_conv.weight" in weights for n in range(levels - 1)
        ],
        "in_channels": weights["encoder.conv_in.weight"].shape[1],
        "out_channels": len(weights["decoder.conv_out.weight"]),
    }


def opaque_vae(module: Any, side: int) -> OpaqueFramesVAE:
    """A VAE whose images have a fourth channel, which is opaque on a wire."""
    plain = frames_vae(module, side)
    return OpaqueFramesVAE(plain.module, plain.format, plain.mean, plain.deviation)


QWEN_21 = Autoencoder(Architecture("diffusers", "AutoencoderKLQwenImage21", qwen_21_shape, wan_22_names), opaque_vae)
