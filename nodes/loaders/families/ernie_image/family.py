"""ERNIE-Image: one stream of image and text on FLUX.2's latents, led by what Ministral 3 reads in a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.flux_2 import FLUX_2
from nodes.loaders.families.ernie_image.call import ErnieImageDenoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import count_layers, rotary_axes
from nodes.loaders.text_encoders.bare import BareText
from nodes.loaders.text_encoders.kinds.mistral import MINISTRAL_3

SIDE = 64
"""Cells on a side of latents at the usual size."""
USUAL = {"image_tokens": SIDE**2}
"""Its noise levels are even before they are shifted."""
LAYER, MOST = -2, 2048
"""The hidden layer whose states are a text's tokens, and how many are read."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `ErnieImageTransformer2DModel`."""
    inner, channels, patch, _ = weights["x_embedder.proj.weight"].shape
    head = len(weights["layers.0.self_attention.norm_q.weight"])
    return {
        "hidden_size": inner,
        "num_attention_heads": inner // head,
        "num_layers": count_layers(weights, "layers"),
        "ffn_hidden_size": len(weights["layers.0.mlp.gate_proj.weight"]),
        "in_channels": channels,
        "out_channels": len(weights["final_linear.weight"]) // patch**2,
        "patch_size": patch,
        "text_in_dim": weights["text_proj.weight"].shape[1] if "text_proj.weight" in weights else inner,
        "rope_axes_dim": rotary_axes(head, 32, 48, 48),
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> ErnieImageDenoiser:
    return ErnieImageDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    return BareText(tokenizer, module, (LAYER,), MOST)


FAMILY = Family(
    name="ERNIE-Image",
    network=FamilyNetwork(Architecture("diffusers", "ErnieImageTransformer2DModel", shape), denoiser),
    text=FamilyText((TextPart("text_encoder", MINISTRAL_3),), text),
    latent=FamilyLatent(
        FLUX_2, lambda config: LatentFormat(int(config.get("in_channels", 128)), 16, SIDE), ("FLUX.2",)
    ),
    schedule=lambda config: flow_schedule(3.0, **USUAL),
    usual=USUAL,
)
