"""Ovis-Image: FLUX's shape with gated layers, led by what Ovis 2.5's Qwen 3 reads in a request to describe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nodeflow.wires import DiffusionNetwork, TextEncoder
from nodes.denoisers.calls.packed_calls import PackedDenoiser
from nodes.loaders.adapters.names.flux import DOUBLE, OVIS
from nodes.loaders.families.autoencoders.flux_1_latent import USUAL, flux_1_latent, spaced_by_size
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.renaming import by_table
from nodes.loaders.models.shapes import flux_shape
from nodes.loaders.text_encoders.filled import FilledText, TextReading
from nodes.loaders.text_encoders.kinds.qwen import QWEN_3_2B
from nodes.loaders.text_encoders.padded import Request

BEFORE = (
    "Describe the image by detailing the color, quantity, text, shape, size, texture, spatial relationships of the "
    "objects and background: "
)
MOST, DROPPED = 284, 28
"""Tokens that are read, and those of them at the beginning that are left out."""
GATED = {"img_mlp": "ff", "txt_mlp": "ff_context"}


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones, which keep the halves of gated layers apart."""
    if "img_in.weight" not in weights:
        return weights
    found = by_table(OVIS, weights, len(weights["img_in.weight"]))
    for name in [name for name in found if ".up_proj." in name]:
        _, number, part, _, end = name.split(".")
        halves = found.pop(name), found.pop(name.replace("up_proj", "gate_proj"))
        found[f"{DOUBLE.replace('#', number)}.{GATED[part]}.net.0.proj.{end}"] = torch.cat(halves)
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `OvisImageTransformer2DModel`."""
    return {**flux_shape(weights), "out_channels": len(weights["proj_out.weight"])}


def denoiser(network: DiffusionNetwork, guidance: float) -> PackedDenoiser:
    return PackedDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    request = Request()

    def reading(words: str) -> TextReading:
        return TextReading(request.put(tokenizer, BEFORE + words), MOST, DROPPED)

    return FilledText(tokenizer, module, reading, zeroed=True)


FAMILY = Family(
    name="Ovis-Image",
    network=FamilyNetwork(Architecture("diffusers", "OvisImageTransformer2DModel", shape, names), denoiser),
    text=FamilyText((TextPart("text_encoder", QWEN_3_2B),), text),
    latent=flux_1_latent(4),
    schedule=spaced_by_size,
    usual=USUAL,
)
