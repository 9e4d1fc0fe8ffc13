"""Prefixes before a layer's name in an adapter's keys: for which part of a model it is."""

from __future__ import annotations

import re
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
FOURTH = Prefix("text", "text_encoder_4", (4,))
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
    "lora_te4_": FOURTH,
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
    "text_encoder_4.": FOURTH,
    # peft
    PEFT: Prefix("either"),
    # ComfyUI, AI-Toolkit, diffusion-pipe
    "diffusion_model.": NETWORK,
    "model.diffusion_model.": NETWORK,
    # OneTrainer's original layout of Anima
    "net.": NETWORK,
    # Black Forest Labs, XLabs, OneTrainer's original layout
    "": Prefix("either"),
}
LONGEST_FIRST = sorted(PREFIXES, key=len, reverse=True)
OF_COMFYUI = re.compile(r"(?:text_encoders\.\w+|clip_[lgh]|t5xxl)\.transformer\.")
"""Before the layers of a text encoder, by ComfyUI's names of these: a new kind has a new name."""
CLIPS: Mapping[str, Prefix] = {"clip_l": FIRST, "clip_g": SECOND}
"""Those of which a model may have several; of all others the layers' names tell which is meant."""
WRAPPERS = re.compile(r"(?<![^.])(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|module)\.")
"""What PyTorch puts into names where a network was compiled, or trained on several cards."""


class LayerName(NamedTuple):
    """A layer's name in a file: what stands ``before`` it, what that means, and the layer's ``path``."""

    before: str
    meant: Prefix
    path: str


def strip(layer: str) -> LayerName:
    """Take a layer's name apart; a doubled underscore belongs to what stands before.

    Of a part of a model that peft wrapped, and of one inside what peft wrapped, the part counts.
    """
    found = _first(WRAPPERS.sub("", layer))
    if found.before != PEFT and not found.path.startswith(PEFT):
        return found
    inner = _first(found.path)
    meant = found.meant if inner.meant.part == "either" else inner.meant
    return LayerName(found.before + inner.before, meant, inner.path)


def _first(layer: str) -> LayerName:
    if known := OF_COMFYUI.match(layer):
        return LayerName(known[0], CLIPS.get(known[0].split(".")[-3], LONE), layer[known.end() :])
    prefix = next(prefix for prefix in LONGEST_FIRST if layer.startswith(prefix))
    name = layer.removeprefix(prefix)
    return LayerName(prefix, PREFIXES[prefix], name.lstrip("_") if prefix.endswith("_") else name)
