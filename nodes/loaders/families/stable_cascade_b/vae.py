"""Stage A of Stable Cascade: an autoencoder of 4 x 4 pixels a cell (Paella, Rampas et al. 2022, arXiv:2211.07292)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Image, Latent, LatentFormat
from nodes.latents.vae import DiffusersVAE
from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.read.parts import ready
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite

TABLE = "vquantizer.codebook.weight", "vquantizer.embedding.weight"
"""The codes of what was learnt, by its makers' name and diffusers'; what is painted is not put to them."""


@dataclass(frozen=True, eq=False)
class StageA(DiffusersVAE):
    """diffusers' `PaellaVQModel`, which takes pixels from 0 to 1 and gives one latent."""

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        module: Any = self.module
        with torch.no_grad():
            pixels = image.pixels.to(device_of(module), dtype_of(module))
            return Latent(self.scaled(torch.cat([module.encode(one).latents for one in pixels.split(1)])))

    def posterior(self, image: Image) -> tuple[Tensor, Tensor]:
        raise NodeError("this autoencoder gives a point and no distribution; wire a VAE that does")

    def decode(self, latent: Latent) -> Image:
        module: Any = self.module
        unscaled = latent.samples.to(device_of(module), dtype_of(module)) / self.scaling
        pixels = [module.decode(one, return_dict=False)[0].float() for one in unscaled.split(1)]
        return Image(finite(torch.cat(pixels)).clamp(0, 1))


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or Stability AI's."""
    return {TABLE[1] if name == TABLE[0] else name: value for name, value in weights.items()}


def shape(weights: Weights) -> dict[str, Any]:
    """Of `PaellaVQModel`."""
    codes, channels = weights[TABLE[1]].shape
    before = count_layers(weights, "down_blocks")
    levels = before // 2  # one block each, a convolution between two, and the last
    return {
        "levels": levels,
        "up_down_scale_factor": round((weights["in_block.1.weight"].shape[1] / 3) ** 0.5),
        "bottleneck_blocks": count_layers(weights, "up_blocks") - 2 * levels + 1,
        "embed_dim": len(weights["up_blocks.0.0.weight"]),
        "latent_channels": channels,
        "num_vq_embeddings": codes,
    }


def wire(module: Any, side: int) -> StageA:
    """A VAE of its network."""
    config = module.config
    downscale = config.up_down_scale_factor * 2 ** (config.levels - 1)
    return StageA(ready(module), LatentFormat(config.latent_channels, downscale, side), 1 / config.scale_factor)


class PipelinesOwn(Architecture):
    """A class that diffusers keeps beside a pipeline of its own."""

    def _class(self) -> Any:
        from diffusers.pipelines.deprecated import wuerstchen

        return getattr(wuerstchen, self.kind)


PAELLA = Autoencoder(
    PipelinesOwn(
        "diffusers",
        "PaellaVQModel",
        shape,
        names,
        (r"vquantizer\.ema", r".*num_batches_tracked$"),
    ),
    wire,
)
