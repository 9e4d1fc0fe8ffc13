"""PRX that was trained on latents of 32 x 32 pixels a cell, each of which is a place of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nodeflow.wires import LatentFormat
from nodes.loaders.families.prx.family import FAMILY as PRX
from nodes.loaders.families.prx.family import shape as prx_shape
from nodes.loaders.families.sana.family import FAMILY as SANA
from nodes.loaders.models.architecture import Weights

CHANNELS, SIDE = 32, 16
"""Of a latent, and its cells on a side at the usual size of 512."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `PRXTransformer2DModel`, which takes each cell by itself."""
    return {**prx_shape(weights), "in_channels": weights["img_in.weight"].shape[1], "patch_size": 1}


FAMILY = replace(
    PRX,
    name="PRX DC-AE",
    network=replace(PRX.network, architecture=replace(PRX.network.architecture, shape=shape)),
    latent=replace(SANA.latent, format=lambda config: LatentFormat(config.get("in_channels", CHANNELS), 32, SIDE)),
)
