"""Sana's ControlNet: some of the transformer's blocks again, beside its first ones."""

from __future__ import annotations

from typing import Any

from nodes.loaders.families.sana.shapes import blocks_shape
from nodes.loaders.models.architecture import Architecture, Weights


def shape(weights: Weights) -> dict[str, Any]:
    """Of `SanaControlNetModel`."""
    found = blocks_shape(weights)
    return {**found, "out_channels": found["in_channels"]}


CONTROL = Architecture("diffusers", "SanaControlNetModel", shape)
