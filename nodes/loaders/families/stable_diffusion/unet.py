"""The U-Net of Stable Diffusion 1, 2 and XL alone, under CompVis' names or those of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError
from nodeflow.wires import Denoiser, DiffusionNetwork
from nodes.denoisers.denoisers import channels_beside, new_unet_denoiser
from nodes.loaders.families.stable_diffusion.shapes import FIRST, SECOND, UNET_KEY, XL, guided_by, unet_config
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Shown, Told

ORIGINAL = "input_blocks.0.0.weight"
SIZES = "add_embedding.linear_1.weight"
SIZE_WIDTH = 256
"""Numbers that a size is told by, as waves."""
HEADS, HEAD = 8, 64
"""Of attention: so many heads, or so many numbers a head in those that project linearly."""
HALF = "float16", "bfloat16", "float32"


def unet_names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones."""
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    if ORIGINAL not in weights:
        return weights
    inside = {UNET_KEY + name: value for name, value in weights.items()}
    sized = {"addition_embed_type": "text_time"} if "label_emb.0.0.weight" in weights else {}
    found: Weights = convert_ldm_unet_checkpoint(inside, {**unet_config(inside, FIRST), **sized}) | guided_by(inside)
    return found


def unet_shape(weights: Weights) -> dict[str, Any]:
    """Of `UNet2DConditionModel`."""
    levels = next(n for n in count() if f"down_blocks.{n}.resnets.0.conv1.weight" not in weights)
    widths = [len(weights[f"down_blocks.{n}.resnets.0.conv1.weight"]) for n in range(levels)]
    depths = [_depth(weights, f"down_blocks.{n}.attentions.0.") for n in range(levels)]
    middle = _depth(weights, "mid_block.attentions.0.")
    deep = [*(depth or 1 for depth in depths[:-1]), depths[-1] or middle]
    linear = weights["mid_block.attentions.0.proj_in.weight"].ndim == 2
    guided = weights.get("time_embedding.cond_proj.weight")
    return {
        "in_channels": weights["conv_in.weight"].shape[1],
        "out_channels": len(weights["conv_out.weight"]),
        "block_out_channels": widths,
        "layers_per_block": next(n for n in count() if f"down_blocks.0.resnets.{n}.conv1.weight" not in weights),
        "down_block_types": ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths],
        "up_block_types": ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(depths)],
        "transformer_layers_per_block": deep if len(set(deep)) > 1 else deep[0],
        "cross_attention_dim": weights["mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"].shape[1],
        "attention_head_dim": [max(width // HEAD, 1) for width in widths] if linear else HEADS,
        "use_linear_projection": linear,
        "time_cond_proj_dim": None if guided is None else guided.shape[1],
        **(_sizes(weights) if SIZES in weights else {}),
    }


def _sizes(weights: Weights) -> dict[str, Any]:
    """Return how XL's U-Net is told the text as a whole and sizes."""
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": SIZE_WIDTH,
        "projection_class_embeddings_input_dim": weights[SIZES].shape[1],
    }


def _depth(weights: Weights, inside: str) -> int:
    return next(n for n in count() if f"{inside}transformer_blocks.{n}.attn1.to_q.weight" not in weights)


def unet_denoiser(network: DiffusionNetwork, guidance: float) -> Denoiser:
    return new_unet_denoiser(network, "auto", guidance)


KINDS: Mapping[int, Told] = {5: "inpainting", 4: "image", 1: "depth", 0: ""}
"""What a U-Net is shown in so many channels beside a latent of four."""


def _kind(unet: DiffusionNetwork) -> Told:
    """Raises NodeError for a U-Net that is shown another number of channels."""
    beside = channels_beside(unet)
    if beside not in KINDS:
        raise NodeError(f"this network is shown {beside} channels beside a latent, which no node here gives it")
    return KINDS[beside]


def _mask_first(known: Tensor, covered: Tensor) -> Tensor:
    """The mask, as coarse as the latent, and the latent."""
    return torch.cat([interpolate(covered, known.shape[-2:]), known], 1)


UNET_SHOWN = Shown(_kind, _mask_first)


def unet(**settings: Any) -> Architecture:
    """The architecture of a version; ``settings``: what no weight tells."""

    def shape(weights: Weights) -> dict[str, Any]:
        return {**unet_shape(weights), **settings}

    return Architecture("diffusers", "UNet2DConditionModel", shape, unet_names, precisions=HALF)


UNETS = {
    "1": unet(sample_size=FIRST.side),
    "2": unet(sample_size=SECOND.side, upcast_attention=True),
    "XL": unet(sample_size=XL.side),
}
"""By version."""
