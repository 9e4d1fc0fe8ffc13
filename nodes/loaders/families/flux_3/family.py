"""FLUX.3 Klein: streams of text, image and references, led by eight layers of Qwen3-VL; base, and distilled to a flow
map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.flux_2 import FLUX_2
from nodes.loaders.families.flux_2_klein.family import scaled, sized
from nodes.loaders.families.flux_3.call import Flux3Denoiser
from nodes.loaders.families.flux_3.windowed import WindowedText
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, References, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import count_layers, rotary_axes
from nodes.loaders.text_encoders.kinds.qwen import QWEN_3_VL
from nodes.loaders.text_encoders.padded import Request

SIDE = 64
"""Cells on a side of latents at the usual size."""
LAYERS = 4, 8, 12, 16, 20, 24, 28, 32
"""The hidden layers whose states, side by side, are a text's tokens."""
BARE = "<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
"""A request to Qwen3-VL, as its own template puts it."""
USUAL = {"image_tokens": SIDE**2}
"""Noise levels begin evenly spaced, whatever the size."""
MAP = "target_timestep_embedder.linear_1.weight"
"""A weight of the networks that are told where each step goes."""


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or Black Forest Labs'."""
    from diffusers.loaders.single_file_utils import convert_flux3_transformer_checkpoint_to_diffusers

    if "x_embedders.image.weight" in weights:
        return weights
    found: Weights = convert_flux3_transformer_checkpoint_to_diffusers(weights)
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `Flux3Transformer2DModel`."""
    inner, channels = weights["x_embedders.image.weight"].shape
    head = len(weights["single_transformer_blocks.0.attn.norm_q.weight"])
    return {
        "in_channels": channels,
        "cond_in_channels": weights["x_embedders.image_cond.weight"].shape[1],
        "num_layers": count_layers(weights, "txt_mode_blocks"),
        "num_single_layers": count_layers(weights, "single_transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["context_embedder.weight"].shape[1],
        "timestep_channels": weights["timestep_embedder.linear_1.weight"].shape[1],
        "mlp_ratio": weights["single_transformer_blocks.0.ff.linear_out.weight"].shape[1] / inner,
        "axes_dims_rope": rotary_axes(head, 32, 32, 32, 32),
        "flow_map": MAP in weights,
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> Flux3Denoiser:
    return Flux3Denoiser(network, network.prediction)


def is_map(network: DiffusionNetwork) -> bool:
    config: Any = getattr(network.module, "config", {})
    return bool(config.get("flow_map"))


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    return WindowedText(tokenizer, module, LAYERS, Request(BARE, options={"add_generation_prompt": True}))


FAMILY = Family(
    name="FLUX.3",
    network=FamilyNetwork(
        Architecture("diffusers", "Flux3Transformer2DModel", shape, names, ignorable=(r"repa_projectors\.",)),
        denoiser,
        flow_map=is_map,
    ),
    text=FamilyText((TextPart("text_encoder", QWEN_3_VL),), text),
    latent=FamilyLatent(
        FLUX_2, lambda config: LatentFormat(int(config.get("in_channels", 128)), 16, SIDE), ("FLUX.2",)
    ),
    schedule=lambda config: flow_schedule(6.93, use_dynamic_shifting=False, **USUAL),
    usual=USUAL,
    references=References(sized, scaled=scaled),
)
