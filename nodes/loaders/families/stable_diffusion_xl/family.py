"""Stable Diffusion XL: a larger U-Net, led by two CLIP, and told the text as a whole and sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL_FULL
from nodes.loaders.families.stable_diffusion.marks import TRAINED
from nodes.loaders.families.stable_diffusion.unet import UNET_SHOWN, UNETS, unet_denoiser
from nodes.loaders.families.stable_diffusion.whole import load
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.text_encoders.joint import Reader, TwinText
from nodes.loaders.text_encoders.kinds.clip import CLIP_G, CLIP_L
from nodes.loaders.text_encoders.tokenizing import length_of
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    readers = tuple(
        Reader(tokenizer, module, length_of(tokenizer, module.config.max_position_embeddings))
        for tokenizer, module in (loaded["text_encoder"], loaded["text_encoder_2"])
    )
    return TwinText(readers, True)


def schedule(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of all files; they do not say that one is of few steps, which start at the noisiest."""
    return {**STABLE_DIFFUSION, "prediction_type": "epsilon", "timestep_spacing": "trailing"}


FAMILY = Family(
    name="Stable Diffusion XL",
    network=FamilyNetwork(UNETS["XL"], unet_denoiser, "unet", guided=True, shown=UNET_SHOWN),
    text=FamilyText((TextPart("text_encoder", CLIP_L), TextPart("text_encoder_2", CLIP_G)), text),
    latent=FamilyLatent(
        KL_FULL,
        lambda config: LatentFormat(int(config.get("out_channels", 4)), 8, int(config.get("sample_size") or 128)),
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.13025},
    ),
    schedule=schedule,
    marks=TRAINED,
    whole=load,
)
