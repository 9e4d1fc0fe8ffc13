"""Stable Diffusion 2: a U-Net on latents, led by OpenCLIP's tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nodeflow.wires import LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL_HALF
from nodes.loaders.families.stable_diffusion.marks import TRAINED, predicts_velocity
from nodes.loaders.families.stable_diffusion.unet import UNET_SHOWN, UNETS, unet_denoiser
from nodes.loaders.families.stable_diffusion.whole import load
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.read.parts import text_encoder
from nodes.loaders.text_encoders.kinds.clip import OPEN_CLIP_H
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION

TELLING = "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias"
"""What tells the two versions apart, under diffusers' name."""


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return text_encoder(*loaded["text_encoder"])


def schedule(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of version 2.1, which predicts v; those that see more than a latent predict epsilon."""
    seen = config.get("in_channels") != config.get("out_channels")
    told = "epsilon" if seen else "v_prediction"
    return {**STABLE_DIFFUSION, "prediction_type": told, "timestep_spacing": "trailing"}


def learned(network: torch.nn.Module) -> Mapping[str, Any]:
    """Of the base for 512 pixels, which predicts noise and is laid out as the version that predicts v."""
    told = dict(network.named_parameters()).get(TELLING)
    return {} if predicts_velocity(told) else {"prediction_type": "epsilon"}


FAMILY = Family(
    name="Stable Diffusion 2",
    network=FamilyNetwork(UNETS["2"], unet_denoiser, "unet", guided=True, shown=UNET_SHOWN),
    text=FamilyText((TextPart("text_encoder", OPEN_CLIP_H),), text),
    latent=FamilyLatent(
        KL_HALF,
        lambda config: LatentFormat(int(config.get("out_channels", 4)), 8, int(config.get("sample_size") or 96)),
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.18215},
    ),
    schedule=schedule,
    learned=learned,
    marks=TRAINED,
    whole=load,
)
