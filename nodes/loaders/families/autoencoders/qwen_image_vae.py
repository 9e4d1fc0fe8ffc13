"""Qwen-Image's autoencoder, which was made for films: an image is a film of one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Image, Latent, LatentFormat
from nodes.loaders.read.folder_files import read_weights
from nodes.loaders.read.parts import ready
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite


@dataclass(frozen=True, eq=False)
class FramesVAE:
    """diffusers' `AutoencoderKLQwenImage`; each channel has a mean and a deviation of its own, (1, C, 1, 1)."""

    module: torch.nn.Module
    format: LatentFormat
    mean: Tensor
    deviation: Tensor

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        module: Any = self.module
        found: list[Tensor] = []
        with torch.no_grad():
            for index, pixels in enumerate(image.pixels.split(1)):
                frames = 2 * pixels.to(device_of(module), dtype_of(module))[:, :, None] - 1
                posterior = module.encode(frames).latent_dist
                found.append((posterior.sample(generators[index]) if generators else posterior.mode())[:, :, 0])
            samples = torch.cat(found)
            return Latent((samples - self.mean.to(samples)) / self.deviation.to(samples))

    def decode(self, latent: Latent) -> Image:
        module: Any = self.module
        given = latent.samples.to(device_of(module), dtype_of(module))
        unscaled = (given * self.deviation.to(given) + self.mean.to(given))[:, :, None]
        pixels = [module.decode(one, return_dict=False)[0][:, :, 0].float() for one in unscaled.split(1)]
        return Image((finite(torch.cat(pixels)) / 2 + 0.5).clamp(0, 1))


def frames_vae(folder: Path, options: Mapping[str, Any], side: int) -> FramesVAE:
    """The autoencoder of a folder; ``side`` cells are usual. Raises NodeError for missing or unsafe weights."""
    from diffusers import AutoencoderKLQwenImage

    module = read_weights(AutoencoderKLQwenImage, folder, "diffusion_pytorch_model", options)
    config = module.config
    format = LatentFormat(int(config.z_dim), 2 ** len(config.temperal_downsample), side)
    mean, deviation = (torch.tensor(part)[None, :, None, None] for part in (config.latents_mean, config.latents_std))
    return FramesVAE(ready(module), format, mean, deviation)
