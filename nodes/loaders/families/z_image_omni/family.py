"""Z-Image-Omni: Z-Image that is shown images besides a text, as latents and as SigLIP 2 sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nodeflow.wires import DiffusionNetwork, TextEncoder
from nodes.loaders.families.flux_2_klein.family import FAMILY as KLEIN
from nodes.loaders.families.flux_2_klein.family import scaled
from nodes.loaders.families.z_image.family import FAMILY as Z_IMAGE
from nodes.loaders.families.z_image.family import LAYER
from nodes.loaders.families.z_image.family import shape as z_image_shape
from nodes.loaders.families.z_image_omni.call import ZImageOmniDenoiser
from nodes.loaders.families.z_image_omni.sight import SIGLIP_2
from nodes.loaders.families.z_image_omni.text import OmniText
from nodes.loaders.models.architecture import Weights
from nodes.loaders.models.family import Encoding, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.text_encoders.language_model import ASKED, ChatText


def shape(weights: Weights) -> dict[str, Any]:
    """Of `ZImageTransformer2DModel` with its eyes."""
    return {**z_image_shape(weights), "siglip_feat_dim": len(weights["siglip_embedder.0.weight"])}


def denoiser(network: DiffusionNetwork, guidance: float) -> ZImageOmniDenoiser:
    return ZImageOmniDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    plain = ChatText(*loaded["text_encoder"], ASKED.format, LAYER)
    return OmniText(plain, loaded.get("siglip"))


assert KLEIN.references is not None
FAMILY = replace(
    Z_IMAGE,
    name="Z-Image-Omni",
    network=FamilyNetwork(replace(Z_IMAGE.network.architecture, shape=shape), denoiser),
    text=FamilyText((*Z_IMAGE.text.parts, TextPart("siglip", SIGLIP_2, needed=False, beside="siglip_processor")), text),
    references=replace(KLEIN.references, seen=scaled),
    control=None,
)
