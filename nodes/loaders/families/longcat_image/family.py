"""LongCat-Image: FLUX's shape, led by what Qwen 2.5 VL reads in a request, quoted words sign by sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, TextEncoder
from nodes.denoisers.calls.packed_calls import PackedDenoiser
from nodes.loaders.adapters.names.flux import LONGCAT
from nodes.loaders.families.autoencoders.flux_1_latent import USUAL, flux_1_latent, spaced_by_size
from nodes.loaders.families.longcat_image.quoted_text import MOST, QuotedText
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.renaming import by_table
from nodes.loaders.models.shapes import flux_shape
from nodes.loaders.text_encoders.kinds.qwen import QWEN_25_VL_7B


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or ComfyUI's, which are FLUX's."""
    return by_table(LONGCAT, weights, len(weights["img_in.weight"])) if "img_in.weight" in weights else weights


def denoiser(network: DiffusionNetwork, guidance: float) -> PackedDenoiser:
    return PackedDenoiser(network, network.prediction, (1, MOST, MOST))


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return QuotedText(*loaded["text_encoder"])


FAMILY = Family(
    name="LongCat-Image",
    network=FamilyNetwork(Architecture("diffusers", "LongCatImageTransformer2DModel", flux_shape, names), denoiser),
    text=FamilyText((TextPart("text_encoder", QWEN_25_VL_7B),), text),
    latent=flux_1_latent(4),
    schedule=spaced_by_size,
    usual=USUAL,
)
