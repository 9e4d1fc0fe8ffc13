"""FLUX.2's autoencoder as Fibo 2.0 has it: the cells of a patch lie where they are, each a cell of the latent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from nodeflow.wires import Image, Latent, LatentFormat
from nodes.loaders.families.autoencoders import flux_2
from nodes.loaders.families.autoencoders.flux_2 import FLUX_2, PATCH, PatchedVAE


@dataclass(frozen=True, eq=False)
class SpreadVAE:
    """``patched`` makes the latents, whose patches are spread out to (B, 32, H / 8, W / 8)."""

    patched: PatchedVAE
    format: LatentFormat

    @property
    def module(self) -> torch.nn.Module:
        return self.patched.module

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        return Latent(pixel_shuffle(self.patched.encode(image, generators).samples, PATCH))

    def decode(self, latent: Latent) -> Image:
        return self.patched.decode(Latent(pixel_unshuffle(latent.samples, PATCH)))


def wire(module: Any, side: int) -> SpreadVAE:
    """A VAE of its network."""
    patched = flux_2.wire(module, side)
    channels, downscale = patched.format.channels // PATCH**2, patched.format.downscale // PATCH
    return SpreadVAE(patched, LatentFormat(channels, downscale, side))


SPREAD = replace(FLUX_2, wire=wire)
