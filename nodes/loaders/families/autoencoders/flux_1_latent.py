"""Latents of FLUX.1's VAE, in which several families work, and noise levels spaced by their size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import LatentFormat
from nodes.loaders.families.autoencoders.kl import KL
from nodes.loaders.models.family import FamilyLatent
from nodes.loaders.models.flow_schedule import flow_schedule

CHANNELS = 16
SIDE = 128
"""Cells on a side of latents at the usual size."""
USUAL = {"image_tokens": (SIDE // 2) ** 2}
"""By that size the noise levels are spaced."""


def flux_1_latent(cells: int = 1) -> FamilyLatent:
    """The space of a network that takes so many ``cells`` of a latent as one place: 4 where it packs 2 x 2 of them."""
    return FamilyLatent(
        KL,
        lambda config: LatentFormat(config.get("in_channels", CHANNELS * cells) // cells, 8, SIDE),
        ("FLUX.1", "FLUX.1 or Stable Diffusion 3"),
        {"scaling_factor": 0.3611, "shift_factor": 0.1159},
    )


def spaced_by_size(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The trained schedule of FLUX.1 dev and those made after it: a flow, shifted by the size of the image."""
    return flow_schedule(3.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15, **USUAL)
