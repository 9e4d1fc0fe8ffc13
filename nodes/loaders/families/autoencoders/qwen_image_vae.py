"""Qwen-Image's autoencoder, which was made for films: an image is a film of one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Image, Latent, LatentFormat
from nodes.latents.vae import scaled_images
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
        given = scaled_images(image, module)
        del image
        with torch.no_grad():
            for index, pixels in enumerate(given):
                posterior = module.encode(pixels[:, :, None]).latent_dist
                found.append((posterior.sample(generators[index]) if generators else posterior.mode())[:, :, 0])
            samples = torch.cat(found)
            return Latent((samples - self.mean.to(samples)) / self.deviation.to(samples))

    def decode(self, latent: Latent) -> Image:
        module: Any = self.module
        given = latent.samples.to(device_of(module), dtype_of(module))
        unscaled = (given * self.deviation.to(given) + self.mean.to(given))[:, :, None]
        pixels = [module.decode(one, return_dict=False)[0][:, :, 0].float() for one in unscaled.split(1)]
        return Image((finite(torch.cat(pixels)) / 2 + 0.5).clamp(0, 1))


@dataclass(frozen=True, eq=False)
class OpaqueFramesVAE(FramesVAE):
    """One for images of four channels, the last of which says how opaque they are: `AutoencoderKLQwenImage21`."""

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        pixels = image.pixels
        return super().encode(Image(torch.cat([pixels, torch.ones_like(pixels[:, :1])], 1)), generators)

    def decode(self, latent: Latent) -> Image:
        return self.decode_opaque(latent)[0]

    def decode_opaque(self, latent: Latent) -> tuple[Image, Tensor]:
        """Images, and how opaque each is, (B, 1, H, W) from 0 to 1."""
        pixels = super().decode(latent).pixels
        return Image(pixels[:, :3]), pixels[:, 3:]
