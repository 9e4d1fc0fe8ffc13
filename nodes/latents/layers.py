"""Images as layers that lie upon each other, each with how opaque it is."""

from __future__ import annotations

from typing import Annotated, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Seed, node
from nodeflow.wires import VAE, Image, Latent, Mask, Noise, Reference
from nodes.latents.noise import gaussian_noise
from nodes.loaders.models.known import family_called


@runtime_checkable
class OpaqueVAE(Protocol):
    """An autoencoder of images that may be transparent."""

    def decode_opaque(self, latent: Latent) -> tuple[Image, Tensor]:
        """Images, and how opaque each is, (B, 1, H, W) from 0 to 1."""
        ...


class Layers(NamedTuple):
    """Layers of one image from the lowest up, and how opaque each is."""

    image: Image
    mask: Mask


@node("Layered noise")
def layered_noise(
    reference: Reference, layers: Annotated[int, Range(1, 16)] = 4, seed: Annotated[int, Seed()] = 0
) -> Noise:
    """The random noise that a model starts from which takes an image apart into layers.

    Such a model is Qwen-Image-Layered. Its layers, each as large as the image, stand one below the other, and above
    them the whole image, which it paints again. Wire the reference that Edit conditioning has, and Decode layers behind
    the sampler.
    Paper: Yin et al. 2025, Qwen-Image-Layered (arXiv:2512.15603).
    """
    height, width = reference.latent.samples.shape[-2:]
    pixels = family_called(reference.family).latent.format({}).downscale
    return gaussian_noise(seed, 1, width * pixels, height * pixels * (layers + 1))


@node("Decode layers")
def decode_layers(latent: Latent, vae: VAE, reference: Reference) -> Layers:
    """Decodes the layers that a model took an image apart into, each with a mask of where it is.

    They come from the lowest up; the whole image, which the model paints before its layers, is left out. Lay a layer
    upon those below it with its mask, and the image is there again.

    Fails for a latent that holds no layers of the reference's size, and for a VAE whose images are opaque.
    Paper: Yin et al. 2025, Qwen-Image-Layered (arXiv:2512.15603).
    """
    if not isinstance(vae, OpaqueVAE):
        raise NodeError("this VAE knows no transparent images; wire that of Qwen-Image-Layered")
    height, width = reference.latent.samples.shape[-2:]
    samples = latent.samples
    if samples.shape[-1] != width or samples.shape[-2] % height or samples.shape[-2] == height:
        cells = f"{samples.shape[-1]} x {samples.shape[-2]}"
        raise NodeError(
            f"this latent is {cells} cells, and layers of {width} x {height} stand one below the other; take the noise "
            "of Layered noise and the same reference"
        )
    layers = torch.cat([part for one in samples.split(1) for part in one.split(height, -2)[1:]])
    image, opacity = vae.decode_opaque(Latent(layers))
    return Layers(image, Mask(opacity))
