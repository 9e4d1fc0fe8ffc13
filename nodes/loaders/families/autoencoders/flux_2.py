"""FLUX.2's autoencoder: patches of 2 x 2 cells are one cell of the latent, each channel with a mean and a variance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from nodeflow.wires import Image, Latent, LatentFormat
from nodes.latents.vae import scaled_images
from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.families.autoencoders.kl import kl_names
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.read.parts import ready
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite

PATCH = 2
"""Cells on a side of a patch."""
INSIDE: Mapping[str, str] = {"encoder.quant_conv.": "quant_conv.", "decoder.post_quant_conv.": "post_quant_conv."}
"""Where Black Forest Labs' file has two convolutions, and diffusers' class."""


@dataclass(frozen=True, eq=False)
class PatchedVAE:
    """diffusers' `AutoencoderKLFlux2`, whose latents (B, 128, H / 16, W / 16) are normalised by channel.

    Of those 128 a patch's four cells are the inner axis, or the outer one where ``outer`` is on.
    """

    module: torch.nn.Module
    format: LatentFormat
    outer: bool = False

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        module: Any = self.module
        found: list[Tensor] = []
        given = scaled_images(image, module)
        del image
        with torch.no_grad():
            for index, pixels in enumerate(given):
                posterior = module.encode(pixels).latent_dist
                cells = posterior.sample(generators[index]) if generators else posterior.mode()
                found.append(pixel_unshuffle(cells, PATCH))
            samples = torch.cat(found)
            if self.outer:
                samples = samples.unflatten(1, (-1, PATCH**2)).transpose(1, 2).flatten(1, 2)
            mean, deviation = self._spread(samples)
            return Latent((samples - mean) / deviation)

    def decode(self, latent: Latent) -> Image:
        module: Any = self.module
        given = latent.samples.to(device_of(module), dtype_of(module))
        mean, deviation = self._spread(given)
        unscaled = given * deviation + mean
        if self.outer:
            unscaled = unscaled.unflatten(1, (PATCH**2, -1)).transpose(1, 2).flatten(1, 2)
        cells = pixel_shuffle(unscaled, PATCH)
        pixels = [module.decode(one, return_dict=False)[0].float() for one in cells.split(1)]
        return Image((finite(torch.cat(pixels)) / 2 + 0.5).clamp(0, 1))

    def _spread(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation of each channel, (1, C, 1, 1)."""
        module: Any = self.module
        mean, variance = (one.reshape(1, -1, 1, 1) for one in (module.bn.running_mean, module.bn.running_var))
        return mean.to(samples), (variance + module.config.batch_norm_eps).sqrt().to(samples)


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or Black Forest Labs'."""
    moved = {
        next((new + name.removeprefix(old) for old, new in INSIDE.items() if name.startswith(old)), name): value
        for name, value in weights.items()
    }
    normal = {name: value for name, value in moved.items() if name.startswith("bn.")}
    rest = {name: value for name, value in moved.items() if name not in normal}
    return kl_names(rest) | normal


def shape(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderKLFlux2`; a small decoder is narrower than the encoder."""
    levels = next(n for n in count() if f"encoder.down_blocks.{n}.resnets.0.conv1.weight" not in weights)
    up = [len(weights[f"decoder.up_blocks.{n}.resnets.0.conv1.weight"]) for n in range(levels)]
    return {
        "block_out_channels": [len(weights[f"encoder.down_blocks.{n}.resnets.0.conv1.weight"]) for n in range(levels)],
        "decoder_block_out_channels": up[::-1],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": next(
            n for n in count() if f"encoder.down_blocks.0.resnets.{n}.conv1.weight" not in weights
        ),
        "latent_channels": weights["decoder.conv_in.weight"].shape[1],
        "mid_block_add_attention": "decoder.mid_block.attentions.0.to_q.weight" in weights,
    }


def wire(module: Any, side: int) -> PatchedVAE:
    """A VAE of its network."""
    config = module.config
    downscale = PATCH * 2 ** (len(config.block_out_channels) - 1)
    return PatchedVAE(ready(module), LatentFormat(PATCH**2 * config.latent_channels, downscale, side))


FLUX_2 = Autoencoder(
    Architecture("diffusers", "AutoencoderKLFlux2", shape, names, (r"bn\.num_batches_tracked$",)), wire
)
