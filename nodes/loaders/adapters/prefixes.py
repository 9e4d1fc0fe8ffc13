"""Prefixes before a layer's name in an adapter's keys: for which part of a model it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Part = Literal["network", "text", "either"]


class Prefix(NamedTuple):
    """The part that keys with this beginning are for, diffusers' name of it, and where there are several encoders the
    numbers that this one may have. ``lone``: it stands for the only encoder."""

    part: Part
    component: str = ""
    encoders: tuple[int, ...] = ()
    lone: bool = False


FIRST = Prefix("text", "text_encoder", (1,))
SECOND = Prefix("text", "text_encoder_2", (2,))
THIRD = Prefix("text", "text_encoder_3", (3,))
LONE = Prefix("text", "text_encoder", (1,), lone=True)
NETWORK = Prefix("network")
PEFT = "base_model.model."
PREFIXES: Mapping[str, Prefix] = {
    # kohya's trainer, musubi-tuner, LyCORIS in them, fluxgym
    "lora_unet_": NETWORK,
    "oft_unet_": NETWORK,
    "lora_te_": LONE,
    "lora_te1_": FIRST,
    "lora_te2_": SECOND,
    "lora_te3_": THIRD,
    "lora_te4_": Prefix("text", "text_encoder_4", (4,)),
    # LyCORIS by itself, SimpleTuner, AI-Toolkit
    "lycoris_": Prefix("either"),
    # OneTrainer's older files
    "lora_transformer_": NETWORK,
    "lora_prior_unet_": NETWORK,
    # InvokeAI
    "lora_transformer-": NETWORK,
    "lora_clip-": FIRST,
    "lora_t5-": SECOND,
    # diffusers, AI-Toolkit, SimpleTuner, OneTrainer
    "unet.": Prefix("network", "unet"),
    "transformer.": Prefix("network", "transformer"),
    "text_encoder.": FIRST,
    "text_encoder_2.": SECOND,
    "text_encoder_3.": THIRD,
    # peft
    PEFT: Prefix("either"),
    # ComfyUI, AI-Toolkit, diffusion-pipe
    "diffusion_model.": NETWORK,
    "model.diffusion_model.": NETWORK,
    "text_encoders.clip_l.transformer.": FIRST,
    "text_encoders.clip_g.transformer.": SECOND,
    "text_encoders.t5xxl.transformer.": THIRD,
    "text_encoders.qwen25_7b.transformer.": LONE,
    "text_encoders.qwen3_06b.transformer.": LONE,
    "text_encoders.qwen3_4b.transformer.": LONE,
    "clip_l.transformer.": FIRST,
    "clip_g.transformer.": SECOND,
    "t5xxl.transformer.": THIRD,
    # OneTrainer's original layout of Anima
    "net.": NETWORK,
    # Black Forest Labs, XLabs, OneTrainer's original layout
    "": Prefix("either"),
}
LONGEST_FIRST = sorted(PREFIXES, key=len, reverse=True)


def strip(layer: str) -> tuple[str, str]:
    """Return what stands before a layer's name, and the name; a doubled underscore belongs to what stands before."""
    prefix = next(prefix for prefix in LONGEST_FIRST if layer.startswith(prefix))
    name = layer.removeprefix(prefix)
    return prefix, name.lstrip("_") if prefix.endswith("_") else name
