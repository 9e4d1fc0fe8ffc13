"""Deep compression autoencoders (DC-AE, Chen et al. 2024, arXiv:2410.10733): 32 x 32 pixels and more a cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch

from nodeflow.wires import Image, Latent, LatentFormat
from nodes.latents.vae import DiffusersVAE
from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.read.parts import latent_scale, ready
from nodes.networks.compute_dtype import device_of, dtype_of

ORIGINAL = "encoder.stages."


@dataclass(frozen=True, eq=False)
class DeepVAE(DiffusersVAE):
    """diffusers' `AutoencoderDC`, which gives one latent and no distribution."""

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        module: Any = self.module
        with torch.no_grad():
            pixels = image.pixels.to(device_of(module), dtype_of(module))
            return Latent(torch.cat([module.encode(2 * one - 1).latent for one in pixels.split(1)]) * self.scaling)


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones."""
    from diffusers.loaders.single_file_utils import convert_autoencoder_dc_checkpoint_to_diffusers

    if not any(name.startswith(ORIGINAL) for name in weights):
        return weights
    found: Weights = convert_autoencoder_dc_checkpoint_to_diffusers(weights)
    return found


@dataclass(frozen=True)
class _Level:
    """Layers at one size of an image: how many, of which kind and width, and at which scales they look around."""

    layers: int
    looks: bool
    width: int
    scales: tuple[int, ...]
    batch_normed: bool


def _levels(weights: Weights, half: str) -> list[_Level]:
    """All of the encoder or the decoder; those without layers are as wide as the next."""
    found: list[_Level] = []
    for number in reversed(range(count_layers(weights, half))):
        inside = f"{half}.{number}."
        kinds = {name.removeprefix(inside).partition(".")[0]: name for name in weights if _is_layer(name, inside)}
        if not kinds:
            found.insert(0, _Level(0, False, found[0].width, (), False))
            continue
        name = next(iter(kinds.values()))
        first = name.removesuffix(name.removeprefix(inside).partition(".")[2])
        found.insert(
            0,
            _Level(
                len(kinds),
                name.endswith(LOOKING),
                weights[name].shape[1],
                tuple(_scales(weights, first)),
                f"{first}norm.running_mean" in weights or f"{first}attn.norm_out.running_mean" in weights,
            ),
        )
    return found


LOOKING = "attn.to_q.weight"


def _is_layer(name: str, inside: str) -> bool:
    return name.startswith(inside) and name.endswith((".conv1.weight", LOOKING))


def _scales(weights: Weights, layer: str) -> Iterable[int]:
    for number in count():
        name = f"{layer}attn.to_qkv_multiscale.{number}.proj_in.weight"
        if name not in weights:
            return
        yield weights[name].shape[-1]


def _kind(level: _Level) -> str:
    return "EfficientViTBlock" if level.looks else "ResBlock"


def shape(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderDC`, in diffusers' names."""
    down, up = _levels(weights, "encoder.down_blocks"), _levels(weights, "decoder.up_blocks")
    heads = (value.shape[1] for name, value in weights.items() if name.endswith("to_qkv_multiscale.0.proj_out.weight"))
    changed = next(n for n, level in enumerate(down) if level.layers)
    halved = weights[f"encoder.down_blocks.{changed}.{down[changed].layers}.conv.weight"]
    doubled = weights[f"decoder.up_blocks.{changed}.0.conv.weight"]
    return {
        "latent_channels": len(weights["encoder.conv_out.weight"]),
        "attention_head_dim": next(heads, 32),
        "encoder_block_types": [_kind(level) for level in down],
        "decoder_block_types": [_kind(level) for level in up],
        "encoder_block_out_channels": [level.width for level in down],
        "decoder_block_out_channels": [level.width for level in up],
        "encoder_layers_per_block": [level.layers for level in down],
        "decoder_layers_per_block": [level.layers for level in up],
        "encoder_qkv_multiscales": [level.scales for level in down],
        "decoder_qkv_multiscales": [level.scales for level in up],
        "downsample_block_type": "conv" if len(halved) == down[changed + 1].width else "pixel_unshuffle",
        "upsample_block_type": "interpolate" if len(doubled) == up[changed].width else "pixel_shuffle",
        "decoder_norm_types": ["batch_norm" if level.batch_normed else "rms_norm" for level in up],
        "decoder_act_fns": ["relu" if level.batch_normed else "silu" for level in up],
    }


def wire(module: Any, side: int) -> DeepVAE:
    """A VAE of its network."""
    config = module.config
    downscale = 2 ** (len(config.encoder_block_out_channels) - 1)
    return DeepVAE(ready(module), LatentFormat(config.latent_channels, downscale, side), latent_scale(config))


DEEP = Autoencoder(
    Architecture("diffusers", "AutoencoderDC", shape, names, (r".*num_batches_tracked$",)),
    wire,
)
