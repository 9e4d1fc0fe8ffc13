"""Between images and latents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import torch
from torch import Tensor

from nodeflow.node import NodeError, Seed, node
from nodeflow.wires import VAE, Image, Latent, LatentFormat
from nodes.latents.noise import gaussian_noise
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite


def scaled_images(image: Image, module: torch.nn.Module) -> Iterator[Tensor]:
    """Yield each image (1, 3, H, W) from -1 to 1, as a network takes it; what nobody else holds goes meanwhile."""
    waiting = [*image.pixels.split(1)]
    del image
    while waiting:
        yield 2 * waiting.pop(0).to(device_of(module), dtype_of(module)) - 1


@dataclass(frozen=True, eq=False)
class DiffusersVAE:
    """diffusers' `AutoencoderKL`. One image at a time, so that a batch equals its singles and memory stays small."""

    module: torch.nn.Module
    format: LatentFormat
    scaling: float
    shift: float = 0.0

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        module: Any = self.module
        found: list[Tensor] = []
        given = scaled_images(image, module)
        del image
        with torch.no_grad():
            for index, pixels in enumerate(given):
                posterior = module.encode(pixels).latent_dist
                found.append(posterior.sample(generators[index]) if generators else posterior.mode())
            return Latent(self.scaled(torch.cat(found)))

    def posterior(self, image: Image) -> tuple[Tensor, Tensor]:
        """Mean and deviation of z for images, each (B, C, h, w), in the network's own units."""
        module: Any = self.module
        with torch.no_grad():
            found = [module.encode(pixels).latent_dist for pixels in scaled_images(image, module)]
            return torch.cat([one.mean for one in found]).float(), torch.cat([one.std for one in found]).float()

    def scaled(self, z: Tensor) -> Tensor:
        """z (B, C, h, w) from the network's own units to those that the denoiser sees."""
        return (z - self.shift) * self.scaling

    def decode(self, latent: Latent) -> Image:
        """Gradients pass where the latent asks for them; the network itself is frozen."""
        module: Any = self.module
        unscaled = latent.samples.to(device_of(module), dtype_of(module)) / self.scaling + self.shift
        pixels = [module.decode(one, return_dict=False)[0].float() for one in unscaled.split(1)]
        return Image((finite(torch.cat(pixels)) / 2 + 0.5).clamp(0, 1))


@dataclass(frozen=True, eq=False)
class TinyVAE(DiffusersVAE):
    """diffusers' `AutoencoderTiny`: a small stand-in for a VAE, which gives one latent and no distribution."""

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        module: Any = self.module
        with torch.no_grad():
            pixels = image.pixels.to(device_of(module), dtype_of(module))
            found = [module.encode(2 * one - 1).latents for one in pixels.split(1)]
            return Latent(self.scaled(torch.cat(found)))

    def posterior(self, image: Image) -> tuple[Tensor, Tensor]:
        raise NodeError("this autoencoder gives a point and no distribution; wire a VAE that does")


@dataclass(frozen=True, eq=False)
class NormalisedVAE(DiffusersVAE):
    """One whose latents have a mean and a deviation of their own in each channel, (1, C, 1, 1): Playground 2.5's."""

    mean: Tensor = field(kw_only=True)
    deviation: Tensor = field(kw_only=True)

    def scaled(self, z: Tensor) -> Tensor:
        units = super().scaled(z)
        return (units - self.mean.to(units)) / self.deviation.to(units)

    def decode(self, latent: Latent) -> Image:
        samples = latent.samples
        return super().decode(Latent(samples * self.deviation.to(samples) + self.mean.to(samples)))


@dataclass(frozen=True)
class PixelSpace:
    """Images as their own latents, from -1 to 1, for models that paint pixels."""

    format: LatentFormat

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        return Latent(2 * image.pixels - 1)

    def decode(self, latent: Latent) -> Image:
        return Image((finite(latent.samples.float()) / 2 + 0.5).clamp(0, 1))


@node("Pixel space")
def pixel_space() -> VAE:
    """Takes images as their own latents, for models that work on pixels and need no VAE.

    Encoding brings colours from 0..1 to -1..1, decoding brings them back and cuts off what lies outside.
    """
    return PixelSpace(LatentFormat(3, 1, 64))


@node("VAE decode")
def vae_decode(vae: VAE, latent: Latent) -> Image:
    """Turns latents into images.

    Latents (B, C, h, w) become RGB images (B, 3, H, W) from 0 to 1, with H and W larger by the VAE's factor (8 for
    Stable Diffusion). Each image is decoded by itself, so that a batch equals its singles.

    Fails when the latent has another number of channels than the VAE.
    Papers: Kingma & Welling 2013 (arXiv:1312.6114); for diffusion Rombach et al. 2022 (arXiv:2112.10752).
    """
    channels = latent.samples.shape[1]
    if channels != vae.format.channels:
        raise NodeError(
            f"this latent has {channels} channels and the VAE takes {vae.format.channels}; use the VAE of its model"
        )
    return vae.decode(latent)


@node("VAE encode")
def vae_encode(vae: VAE, image: Image, sample: bool = False, seed: Annotated[int, Seed()] = 0) -> Latent:
    """Turns images into latents, to start from or to compare with.

    Images (B, 3, H, W) become latents (B, C, h, w) in the scale that the denoiser sees. The encoder gives a normal
    distribution; its mean is taken, or with ``sample`` a random draw from it (``seed``, ``seed + 1``, ... for the
    images of a batch).

    Fails when a side is no multiple of the VAE's factor (8 for Stable Diffusion); resize the image before.
    Papers: Kingma & Welling 2013 (arXiv:1312.6114); for diffusion Rombach et al. 2022 (arXiv:2112.10752).
    """
    height, width = image.pixels.shape[-2:]
    factor = vae.format.downscale
    if height % factor or width % factor:
        raise NodeError(f"{width} x {height} is no multiple of {factor} on both sides; resize the image before")
    generators = gaussian_noise(seed, len(image.pixels)).generators()
    return vae.encode(image, generators if sample else None)
