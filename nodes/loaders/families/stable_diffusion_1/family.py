"""Stable Diffusion 1: a U-Net on latents, led by CLIP's tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL_HALF
from nodes.loaders.families.stable_diffusion.marks import TRAINED
from nodes.loaders.families.stable_diffusion.unet import UNET_SHOWN, UNETS, unet_denoiser
from nodes.loaders.families.stable_diffusion.whole import load
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.read.parts import text_encoder
from nodes.loaders.text_encoders.kinds.clip import CLIP_L
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return text_encoder(*loaded["text_encoder"])


def schedule(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of all files; they do not say that one is of few steps, which start at the noisiest."""
    return {**STABLE_DIFFUSION, "prediction_type": "epsilon", "timestep_spacing": "trailing"}


FAMILY = Family(
    name="Stable Diffusion 1",
    network=FamilyNetwork(UNETS["1"], unet_denoiser, "unet", guided=True, shown=UNET_SHOWN),
    text=FamilyText((TextPart("text_encoder", CLIP_L),), text),
    latent=FamilyLatent(
        KL_HALF,
        lambda config: LatentFormat(int(config.get("out_channels", 4)), 8, int(config.get("sample_size") or 64)),
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.18215},
    ),
    schedule=schedule,
    marks=TRAINED,
    whole=load,
)
