"""Ideogram 4: one row of words and patches, led by thirteen layers of what Qwen3-VL reads; a second network paints
without a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.ideogram_4.autoencoder import CELLS_OUTSIDE
from nodes.loaders.families.ideogram_4.call import ALONE, Ideogram4Denoiser
from nodes.loaders.families.ideogram_4.text import TextOrNone
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import HEAD, count_layers
from nodes.loaders.text_encoders.kinds.qwen import QWEN_3_VL_8B
from nodes.loaders.text_encoders.seeing import SeeingText

SIDE = 128
"""Cells on a side of latents at the usual size."""
BEFORE, AFTER = "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"
MOST = 2048
"""Tokens of a text that are read, with what stands around it."""
MIDDLE, SPREAD = 32**2, 1.5
"""The tokens of an image at which the middle of the noise levels' distribution is half noise, and its width."""
USUAL = {"image_tokens": SIDE**2, "base_image_seq_len": MIDDLE, "logit_normal": SPREAD}


def shape(weights: Weights) -> dict[str, Any]:
    """Of `Ideogram4Transformer2DModel`; turning frequencies are shared out as in the one that is in use."""
    inner, channels = weights["input_proj.weight"].shape
    head = len(weights["layers.0.attention.norm_q.weight"])
    return {
        "in_channels": channels,
        "num_layers": count_layers(weights, "layers"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "intermediate_size": len(weights["layers.0.feed_forward.w1.weight"]),
        "adaln_dim": len(weights["adaln_proj.weight"]),
        "llm_features_dim": len(weights["llm_cond_norm.weight"]),
        "mrope_section": tuple(part * head // (2 * HEAD) for part in (24, 20, 20)) if head < 2 * HEAD else (24, 20, 20),
    }


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or Ideogram's."""
    found: Weights = {}
    for name, value in weights.items():
        if ".attention.qkv." in name:
            parts = zip("qkv", value.chunk(3), strict=True)
            found |= {name.replace(".qkv.", f".to_{letter}."): part for letter, part in parts}
            continue
        for old, new in (("o", "to_out.0"), ("q_norm", "norm_q"), ("k_norm", "norm_k")):
            name = name.replace(f".attention.{old}.", f".attention.{new}.")
        found[name] = value
    return found


def denoiser(network: DiffusionNetwork, guidance: float) -> Ideogram4Denoiser:
    return Ideogram4Denoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    from diffusers.pipelines.ideogram4.pipeline_ideogram4 import QWEN3_VL_ACTIVATION_LAYERS

    layers = tuple(layer + 1 for layer in QWEN3_VL_ACTIVATION_LAYERS)
    return TextOrNone(SeeingText(*loaded["text_encoder"], BEFORE, AFTER, layers=layers, most=MOST, normed=False))


NETWORK = Architecture("diffusers", "Ideogram4Transformer2DModel", shape, names)
FAMILY = Family(
    name="Ideogram 4",
    network=FamilyNetwork(
        replace(NETWORK, optional=(ALONE,), held={ALONE: NETWORK}),
        denoiser,
    ),
    text=FamilyText((TextPart("text_encoder", QWEN_3_VL_8B),), text),
    latent=FamilyLatent(
        CELLS_OUTSIDE, lambda config: LatentFormat(int(config.get("in_channels", 128)), 16, SIDE), ("FLUX.2",)
    ),
    schedule=lambda config: flow_schedule(1.0, **USUAL),
    usual=USUAL,
)
