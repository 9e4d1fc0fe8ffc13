"""PixArt-Sigma: PixArt-alpha's transformer for longer texts, on the latents of Stable Diffusion XL."""

from __future__ import annotations

from dataclasses import replace

from nodes.loaders.families.autoencoders.kl import KL_FULL
from nodes.loaders.families.pixart_alpha.family import FAMILY as ALPHA
from nodes.loaders.families.pixart_alpha.family import read_by
from nodes.loaders.models.family import FamilyLatent

TOKENS = 300
"""How many tokens of T5 it was trained with."""
FAMILY = replace(
    ALPHA,
    name="PixArt-Sigma",
    text=read_by(TOKENS),
    latent=FamilyLatent(
        KL_FULL,
        ALPHA.latent.format,
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.13025},
    ),
)
