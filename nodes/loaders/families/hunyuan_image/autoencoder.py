"""HunyuanImage's autoencoder: 32 x 32 pixels a cell, whose levels lie in one row."""

from __future__ import annotations

from typing import Any

from nodeflow.wires import VAE, LatentFormat
from nodes.latents.vae import DiffusersVAE
from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.read.parts import latent_scale, ready

ROW = "encoder.down_blocks"


def shape(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderKLHunyuanImage`: a layer with one convolution halves an image."""
    count = count_layers(weights, ROW)
    halves = [place for place in range(count) if f"{ROW}.{place}.conv.weight" in weights]
    ends = [*halves, count]
    widths = [len(weights[f"{ROW}.{end - 1}.conv1.weight"]) for end in ends]
    ratio = 2 ** len(halves)
    return {
        "in_channels": weights["encoder.conv_in.weight"].shape[1],
        "out_channels": len(weights["decoder.conv_out.weight"]),
        "latent_channels": weights["decoder.conv_in.weight"].shape[1],
        "block_out_channels": widths,
        "layers_per_block": ends[0],
        "spatial_compression_ratio": ratio,
        "sample_size": 2048 if ratio == 32 else 64 * ratio,
    }


def wire(module: Any, side: int) -> VAE:
    """A VAE of its network."""
    config = module.config
    format = LatentFormat(int(config.latent_channels), int(config.spatial_compression_ratio), side)
    return DiffusersVAE(ready(module), format, latent_scale(config))


HUNYUAN = Autoencoder(Architecture("diffusers", "AutoencoderKLHunyuanImage", shape), wire)
