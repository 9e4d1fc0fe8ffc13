"""MoVQ, the autoencoder of Kandinsky 2 (Zheng et al. 2022, arXiv:2209.09002), between images and latents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nodeflow.wires import Image, Latent, LatentFormat
from nodes.loaders.read.folder_files import read_weights
from nodes.loaders.read.parts import LoadTarget, ready
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite


@dataclass(frozen=True, eq=False)
class MoVQ:
    """diffusers' `VQModel` with its codebook passed by, as Kandinsky uses it. One image at a time, as with a VAE."""

    module: torch.nn.Module
    format: LatentFormat

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        """It gives one latent and no distribution, so that nothing is drawn."""
        module: Any = self.module
        with torch.no_grad():
            pixels = image.pixels.to(device_of(module), dtype_of(module))
            return Latent(torch.cat([module.encode(2 * one - 1).latents for one in pixels.split(1)]))

    def decode(self, latent: Latent) -> Image:
        module: Any = self.module
        given = latent.samples.to(device_of(module), dtype_of(module))
        pixels = [module.decode(one, force_not_quantize=True).sample.float() for one in given.split(1)]
        return Image((finite(torch.cat(pixels)) / 2 + 0.5).clamp(0, 1))


def movq(folder: Path, target: LoadTarget, side: int) -> MoVQ:
    """The autoencoder of a folder; ``side`` cells are usual. Raises NodeError for missing or unsafe weights."""
    from diffusers import VQModel

    module = read_weights(VQModel, folder, "diffusion_pytorch_model", {"torch_dtype": target.dtype})
    downscale = 2 ** (len(module.config.block_out_channels) - 1)
    return MoVQ(ready(module), LatentFormat(int(module.config.latent_channels), downscale, side))
