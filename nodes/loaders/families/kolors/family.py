"""Kolors: the U-Net of Stable Diffusion XL, led by a language model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL_FULL
from nodes.loaders.families.kolors.chat_glm import CHAT_GLM_3, GLMText
from nodes.loaders.families.stable_diffusion.unet import HALF, UNET_SHOWN, unet_denoiser, unet_names, unet_shape
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart

SIDE = 128
"""Cells on a side of latents at the usual size."""
SCHEDULE = {
    "_class_name": "EulerDiscreteScheduler",
    "num_train_timesteps": 1100,
    "beta_start": 0.00085,
    "beta_end": 0.014,
    "beta_schedule": "scaled_linear",
    "timestep_spacing": "leading",
    "steps_offset": 1,
    "prediction_type": "epsilon",
}


def shape(weights: Weights) -> dict[str, Any]:
    """Of `UNet2DConditionModel`, which brings a text's tokens to the width that XL's reads."""
    return {
        **unet_shape(weights),
        "sample_size": SIDE,
        "encoder_hid_dim": weights["encoder_hid_proj.weight"].shape[1],
        "encoder_hid_dim_type": "text_proj",
    }


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return GLMText(*loaded["text_encoder"])


FAMILY = Family(
    name="Kolors",
    network=FamilyNetwork(
        Architecture("diffusers", "UNet2DConditionModel", shape, unet_names, precisions=HALF),
        unet_denoiser,
        "unet",
        shown=UNET_SHOWN,
    ),
    text=FamilyText((TextPart("text_encoder", CHAT_GLM_3),), text),
    latent=FamilyLatent(
        KL_FULL,
        lambda config: LatentFormat(int(config.get("out_channels", 4)), 8, int(config.get("sample_size") or SIDE)),
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.13025},
    ),
    schedule=lambda config: SCHEDULE,
)
