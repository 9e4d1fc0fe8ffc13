"""Noise masks: of a latent in ComfyUI as here, and how much they open along the way, which is the model's there."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.export.exporter import GraphExporter, Outputs
from nodes.comfyui.export.registry import exports

MASKED = "noise_mask"


@exports(MASKED)
def masked(exporter: GraphExporter, name: str) -> Outputs:
    """One mask on a latent; where it is there already, that one."""
    below = exporter.source(name, "latent")
    mask, latent = exporter.wire(name, "mask"), exporter.wire(name, "latent")
    if below is not None and exporter.kind(below.source) == MASKED and exporter.wire(below.source, "mask") == mask:
        return {"latent": latent}
    return {"latent": exporter.add("SetLatentNoiseMask", samples=latent, mask=mask)}


def opened(exporter: GraphExporter, sampler: str) -> Any:
    """How much the noise mask of a sampler's latent opens along the way; 0 for none."""
    link = exporter.source(sampler, "latent")
    if link is None or exporter.kind(link.source) != MASKED:
        return 0
    return exporter.value(link.source, "differential")
