"""FLUX.1 dev, schnell, Fill, Canny, Depth and Kontext: double and single stream blocks, led by T5's tokens and CLIP's
whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pixel_unshuffle

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.adapters.names.flux import ROWS
from nodes.loaders.families.autoencoders.flux_1_latent import SIDE, USUAL, flux_1_latent, spaced_by_size
from nodes.loaders.families.flux_1.call import FluxDenoiser
from nodes.loaders.families.flux_1.control import CONTROL, MODES
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import (
    Encoding,
    Family,
    FamilyNetwork,
    FamilyText,
    References,
    Shown,
    Size,
    TextPart,
    Told,
)
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.renaming import original_names
from nodes.loaders.models.shapes import count_layers, rotary_axes
from nodes.loaders.text_encoders.joint import PairText, Reader
from nodes.loaders.text_encoders.kinds.clip import CLIP_L
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL
from nodes.loaders.text_encoders.tokenizing import length_of
from nodes.networks.low_rank import inputs_of

T5_TOKENS = 512
"""How many tokens of T5 it was trained with."""

names = original_names(ROWS, "img_in.weight")
"""From Black Forest Labs' or ComfyUI's; diffusers' own function knows one width alone."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `FluxTransformer2DModel`."""
    inner, channels = weights["x_embedder.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    painted = len(weights["proj_out.weight"])
    return {
        "in_channels": channels,
        "out_channels": None if painted == channels else painted,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "num_single_layers": count_layers(weights, "single_transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["context_embedder.weight"].shape[1],
        "pooled_projection_dim": weights["time_text_embed.text_embedder.linear_1.weight"].shape[1],
        "guidance_embeds": "time_text_embed.guidance_embedder.linear_1.weight" in weights,
        "axes_dims_rope": rotary_axes(head, 16, 56, 56),
    }


def cells(config: Mapping[str, Any]) -> int:
    """Channels of the latent that a transformer paints."""
    return int(config.get("out_channels") or config.get("in_channels") or 64) // 4


KINDS: Mapping[int, Told] = {0: "", 16: "image", 80: "inpainting"}
"""What a transformer is shown in so many channels beside the latent: Canny and Depth, Fill."""
FIRST = "x_embedder"
"""The layer that takes the latent and what is shown beside it; a LoRA may widen it, as those for Canny and Depth do."""
PIXELS = 8
"""Of a side of a cell; Fill sees each pixel of the mask in a channel of its own."""


def kind(network: DiffusionNetwork) -> Told:
    """Raises NodeError for a transformer that is shown another number of channels."""
    config: Any = getattr(network.module, "config", {})
    beside = inputs_of(network, FIRST, int(config["in_channels"])) // 4 - cells(config)
    if beside not in KINDS:
        raise NodeError(f"this network is shown {beside} channels beside a latent, which no node here gives it")
    return KINDS[beside]


MULTIPLE = 16
"""Pixels of a side of a patch, 2 x 2 cells."""


def filled(known: Tensor, covered: Tensor) -> Tensor:
    """The latent of what is known, and the mask's pixels. Raises NodeError for sides that are not whole patches."""
    height, width = covered.shape[-2:]
    if height % MULTIPLE or width % MULTIPLE:
        raise NodeError(
            f"FLUX.1 Fill sees images whose sides are multiples of {MULTIPLE}; scale this one, {width} x {height}"
        )
    return torch.cat([known, pixel_unshuffle(covered, PIXELS)], 1)


KONTEXT = (672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184), (944, 1104)
"""Shorter and longer sides of the images that Kontext was trained with, beside squares of 1024."""
SIZES = (*KONTEXT, (1024, 1024), *((long, short) for short, long in reversed(KONTEXT)))


def sized(size: Size, side: int) -> Size:
    """The trained size whose ratio comes closest, or as many pixels as a square of a side in the image's own ratio."""
    height, width = size
    if side:
        share = side / math.sqrt(height * width)
        return max(round(height * share / MULTIPLE), 1) * MULTIPLE, max(round(width * share / MULTIPLE), 1) * MULTIPLE
    across, down = min(SIZES, key=lambda one: (abs(width / height - one[0] / one[1]), one))
    return down, across


def denoiser(network: DiffusionNetwork, guidance: float) -> FluxDenoiser:
    return FluxDenoiser(network, network.prediction, guidance)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    clip, t5 = loaded["text_encoder"], loaded["text_encoder_2"]
    length = length_of(clip.tokenizer, clip.module.config.max_position_embeddings)
    return PairText(Reader(clip.tokenizer, clip.module, length), Reader(t5.tokenizer, t5.module, T5_TOKENS))


def schedule(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of dev, whose noise levels go by the image's size; those of schnell, which is told no guidance, do not."""
    if config.get("guidance_embeds"):
        return spaced_by_size(config)
    return flow_schedule(1.0, use_dynamic_shifting=False, **USUAL)


FAMILY = Family(
    name="FLUX.1",
    network=FamilyNetwork(
        Architecture(
            "diffusers",
            "FluxTransformer2DModel",
            shape,
            names,
            others={r"distilled_guidance_layer\.": "the transformer of Chroma"},
        ),
        denoiser,
        guided=True,
        shown=Shown(kind, filled),
    ),
    text=FamilyText((TextPart("text_encoder", CLIP_L), TextPart("text_encoder_2", T5_XXL)), text),
    latent=replace(flux_1_latent(), format=lambda config: LatentFormat(cells(config), 8, SIDE)),
    schedule=schedule,
    usual=USUAL,
    references=References(sized),
    control=CONTROL,
    control_modes=MODES,
)
