"""Stable Cascade's stage B: paints out what stage C painted, on latents of 4 x 4 pixels a cell."""

from __future__ import annotations

from nodeflow.wires import DiffusionNetwork, LatentFormat
from nodes.loaders.families.stable_cascade.call import StageB
from nodes.loaders.families.stable_cascade.family import TEXT
from nodes.loaders.families.stable_cascade.schedule import USUAL
from nodes.loaders.families.stable_cascade.shapes import names, shape
from nodes.loaders.families.stable_cascade_b.vae import PAELLA
from nodes.loaders.models.architecture import Architecture
from nodes.loaders.models.family import Family, FamilyLatent, FamilyNetwork

SIDE, PATCH = 256, 2
"""Cells on a side of latents at the usual size, and of what the network takes as one."""


def denoiser(network: DiffusionNetwork, guidance: float) -> StageB:
    return StageB(network, network.prediction)


FAMILY = Family(
    name="Stable Cascade B",
    network=FamilyNetwork(
        Architecture("diffusers", "StableCascadeUNet", lambda weights: shape(weights, PATCH), names),
        denoiser,
        "decoder",
    ),
    text=TEXT,
    latent=FamilyLatent(
        PAELLA,
        lambda config: LatentFormat(int(config.get("in_channels", 4)), 4, SIDE),
        ("Stable Cascade B",),
        place="vqgan",
    ),
    schedule=lambda config: USUAL,
    usual=USUAL,
)
