"""Stable Cascade's stage C: paints a text as a latent of 24 x 24 cells, which stage B paints out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import VAE, DiffusionNetwork, Image, Latent, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.families.autoencoders.kl import KL
from nodes.loaders.families.stable_cascade.call import StageC
from nodes.loaders.families.stable_cascade.schedule import USUAL
from nodes.loaders.families.stable_cascade.shapes import names, shape
from nodes.loaders.families.stable_cascade.text import CascadeText
from nodes.loaders.models.architecture import Architecture
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.text_encoders.kinds.clip import CLIP_G

CELL, SIDE, CHANNELS = 42, 24, 16
"""Pixels a cell, cells on a side at the usual size, and numbers a cell."""


@dataclass(frozen=True)
class PaintedOut:
    """What stands in the place of a VAE where another model paints a latent out."""

    format: LatentFormat

    def encode(self, image: Image, generators: list[torch.Generator] | None = None) -> Latent:
        raise NodeError("no node encodes images for stage C of Stable Cascade; begin at noise")

    def posterior(self, image: Image) -> tuple[Tensor, Tensor]:
        raise NodeError("no node encodes images for stage C of Stable Cascade; begin at noise")

    def decode(self, latent: Latent) -> Image:
        raise NodeError(
            "what stage C of Stable Cascade paints is no image yet; let stage B paint it out, led by Cascade "
            "conditioning, and decode with the VAE of that"
        )


class NoAutoencoder(Autoencoder):
    """Of a family without a VAE."""

    def from_file(self, *given: Any, **named: Any) -> VAE:
        return PaintedOut(LatentFormat(CHANNELS, CELL, SIDE, True))

    def from_folder(self, folder: Path, dtype: torch.dtype, side: int) -> VAE:
        return PaintedOut(LatentFormat(CHANNELS, CELL, side, True))


def denoiser(network: DiffusionNetwork, guidance: float) -> StageC:
    return StageC(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return CascadeText(*loaded["text_encoder"])


TEXT = FamilyText((TextPart("text_encoder", CLIP_G),), text)
FAMILY = Family(
    name="Stable Cascade",
    network=FamilyNetwork(
        Architecture("diffusers", "StableCascadeUNet", lambda weights: shape(weights, 1), names), denoiser, "prior"
    ),
    text=TEXT,
    latent=FamilyLatent(
        NoAutoencoder(KL.architecture, KL.wire),
        lambda config: LatentFormat(int(config.get("in_channels", CHANNELS)), CELL, SIDE, True),
        (),
    ),
    schedule=lambda config: USUAL,
    usual=USUAL,
)
