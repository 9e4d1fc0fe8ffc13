"""Stable unCLIP: Stable Diffusion 2.1, whose U-Net is told besides what an image shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nodeflow.wires import Denoiser, DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL_HALF
from nodes.loaders.families.clip.open_clip_names import text_names
from nodes.loaders.families.stable_diffusion.shapes import FIRST, UNET_KEY, unet_config
from nodes.loaders.families.stable_diffusion.unet import HALF, ORIGINAL, unet_shape
from nodes.loaders.families.stable_unclip.call import StableUnclipDenoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.read.parts import text_encoder
from nodes.loaders.text_encoders.kinds.clip import OPEN_CLIP_H, open_clip_h_names
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION

SIDE = 96
"""Cells of a latent that it was trained at."""
TOLD = "class_embedding.linear_1.weight"


def names(weights: Weights) -> Weights:
    """diffusers' names of the U-Net, from those or the original ones."""
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    if ORIGINAL not in weights:
        return weights
    inside = {UNET_KEY + name: value for name, value in weights.items()}
    config = {**unet_config(inside, FIRST), "class_embed_type": "projection"}
    found: Weights = convert_ldm_unet_checkpoint(inside, config)
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `UNet2DConditionModel`."""
    told = {"class_embed_type": "projection", "projection_class_embeddings_input_dim": weights[TOLD].shape[1]}
    return {**unet_shape(weights), **told, "sample_size": SIDE, "upcast_attention": True}


def denoiser(network: DiffusionNetwork, guidance: float) -> Denoiser:
    return StableUnclipDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return text_encoder(*loaded["text_encoder"])


def schedule(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**STABLE_DIFFUSION, "prediction_type": "v_prediction", "timestep_spacing": "trailing"}


READER = replace(
    OPEN_CLIP_H,
    architecture=replace(OPEN_CLIP_H.architecture, named=lambda weights: open_clip_h_names(text_names(weights))),
)
"""Its files hold the text encoder under OpenCLIP's own names."""
FAMILY = Family(
    name="Stable unCLIP",
    network=FamilyNetwork(
        Architecture("diffusers", "UNet2DConditionModel", shape, names, precisions=HALF), denoiser, "unet"
    ),
    text=FamilyText((TextPart("text_encoder", READER),), text),
    latent=FamilyLatent(
        KL_HALF,
        lambda config: LatentFormat(int(config.get("out_channels", 4)), 8, int(config.get("sample_size") or SIDE)),
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.18215},
    ),
    schedule=schedule,
)
