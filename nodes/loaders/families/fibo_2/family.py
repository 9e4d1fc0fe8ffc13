"""Fibo 2.0: one stream of a text's gist and an image, led by layers of what Qwen3-VL reads in a caption."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.fibo_2.autoencoder import SPREAD
from nodes.loaders.families.fibo_2.call import LAYERS, Fibo2Denoiser
from nodes.loaders.families.fibo_2.text import CaptionText, shown
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import (
    Encoding,
    Family,
    FamilyLatent,
    FamilyNetwork,
    FamilyText,
    References,
    Size,
    TextPart,
)
from nodes.loaders.models.flow_schedule import BY_TOKENS, flow_schedule
from nodes.loaders.models.shapes import count_layers, rotary_axes
from nodes.loaders.text_encoders.kinds.qwen import EYES_3, QWEN_3_VL_4B
from nodes.loaders.text_encoders.seeing import SeeingText

SIDE = 128
"""Cells on a side of latents at the usual size."""
USUAL = {"image_tokens": (SIDE // 2) ** 2}
"""By that size the noise levels are spaced."""
MOST = 4096
"""Tokens of a text that are read."""
MULTIPLE, PIXELS, SEEN = 16, 1024, 768
"""Pixels of a side of a token; of the usual size; and of the longer side that the text encoder sees at most."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `BriaFibo2Transformer2DModel`."""
    dim, cells = weights["x_embedder.weight"].shape
    head, layers = len(weights["layers.0.attention.norm_q.weight"]), count_layers(weights, "layers")
    return {
        "in_channels": cells // 4,
        "dim": dim,
        "n_layers": layers,
        "n_refiner_layers": count_layers(weights, "noise_refiner"),
        "n_heads": dim // head,
        "cap_feat_dim": weights["perceiver.layers.0.cross_attention.to_k.weight"].shape[1],
        "injection_layer_ids": tuple(layer for layer in range(layers) if f"layers.{layer}.cross_attn_gate" in weights),
        "perceiver_num_layers": count_layers(weights, "perceiver.layers"),
        "max_num_gist_tokens": len(weights["perceiver.latent_queries"]),
        "axes_dims": rotary_axes(head, 32, 48, 48),
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> Fibo2Denoiser:
    return Fibo2Denoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    before, after = "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"
    return CaptionText(
        SeeingText(*loaded["text_encoder"], before, after, layers=LAYERS, most=MOST, shown=shown, eyes=EYES_3)
    )


@cache
def trained(ratio: float, side: int) -> Size:
    """Of the sizes of about a square's area, in multiples of 16, that which crops least of an image in a ratio."""
    area, least = side**2, 4 * MULTIPLE
    sizes = (
        (height, width)
        for width in range(least, 2 * area // least, MULTIPLE)
        for height in range(least, 2 * area // width, MULTIPLE)
        if 0.9 * area <= width * height <= 1.1 * area
    )

    def crop(size: Size) -> float:
        own = size[1] / size[0]
        return 1 - min(own / ratio, ratio / own)

    return min(sizes, key=lambda size: (round(crop(size), 9), abs(size[0] * size[1] - area), -size[1]))


def encoded(size: Size, side: int) -> Size:
    return trained(size[1] / size[0], max(side or PIXELS, 4 * MULTIPLE))


def covering(size: Size, side: int) -> Size:
    """As large as what is cut out of the middle, and no smaller on any side."""
    wanted = encoded(size, side)
    share = max(wanted[0] / size[0], wanted[1] / size[1])
    return math.ceil(size[0] * share), math.ceil(size[1] * share)


def seen(size: Size, side: int) -> Size:
    height, width = encoded(size, side)
    share = min(SEEN / max(height, width), 1.0)
    return max(round(height * share), 1), max(round(width * share), 1)


FAMILY = Family(
    name="Fibo 2.0",
    network=FamilyNetwork(Architecture("diffusers", "BriaFibo2Transformer2DModel", shape), denoiser),
    text=FamilyText((TextPart("text_encoder", QWEN_3_VL_4B, beside="processor"),), text),
    latent=FamilyLatent(SPREAD, lambda config: LatentFormat(int(config.get("in_channels", 32)), 8, SIDE), ("FLUX.2",)),
    schedule=lambda config: flow_schedule(1.0, **BY_TOKENS, **USUAL),
    usual=USUAL,
    references=References(encoded, seen, covering),
)
