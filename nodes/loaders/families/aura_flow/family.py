"""AuraFlow: joint and single stream blocks on the latents of Stable Diffusion XL, led by Pile-T5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.aura_flow.call import AuraFlowDenoiser
from nodes.loaders.families.aura_flow.names import ROWS
from nodes.loaders.families.autoencoders.kl import KL_FULL
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.filled import FilledText, whole
from nodes.loaders.text_encoders.kinds.t5 import PILE_T5

HEAD = 256
"""Numbers a head."""
PATCH = 2
SIDE = 128
"""Cells on a side of latents at the usual size."""
TOKENS = 256
"""How many tokens of a text it was trained with."""


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones."""
    from diffusers.loaders.single_file_utils import convert_auraflow_transformer_checkpoint_to_diffusers

    if "positional_encoding" not in weights:
        return weights
    found: Weights = convert_auraflow_transformer_checkpoint_to_diffusers(weights)
    return {name: value for name, value in found.items() if value is not None}


def shape(weights: Weights) -> dict[str, Any]:
    """Of `AuraFlowTransformer2DModel`."""
    inner, cells = weights["pos_embed.proj.weight"].shape
    caption, joint = weights["context_embedder.weight"].shape
    return {
        "sample_size": SIDE,
        "patch_size": PATCH,
        "in_channels": cells // PATCH**2,
        "out_channels": len(weights["proj_out.weight"]) // PATCH**2,
        "num_mmdit_layers": count_layers(weights, "joint_transformer_blocks"),
        "num_single_dit_layers": count_layers(weights, "single_transformer_blocks"),
        "attention_head_dim": HEAD,
        "num_attention_heads": inner // HEAD,
        "joint_attention_dim": joint,
        "caption_projection_dim": caption,
        "pos_embed_max_size": weights["pos_embed.pos_embed"].shape[1],
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> AuraFlowDenoiser:
    return AuraFlowDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    return FilledText(tokenizer, module, whole(TOKENS), zeroed=True)


FAMILY = Family(
    name="AuraFlow",
    network=FamilyNetwork(Architecture("diffusers", "AuraFlowTransformer2DModel", shape, names), denoiser, layers=ROWS),
    text=FamilyText((TextPart("text_encoder", PILE_T5),), text),
    latent=FamilyLatent(
        KL_FULL,
        lambda config: LatentFormat(config.get("in_channels", 4), 8, SIDE),
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.13025},
    ),
    schedule=lambda config: flow_schedule(1.73),
)
