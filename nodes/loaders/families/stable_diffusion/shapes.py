"""The shapes of Stable Diffusion 1.x, 2.x and XL networks, told from the weights of an original file."""

from __future__ import annotations

from itertools import count
from typing import Any, NamedTuple

Weights = dict[str, Any]

UNET_KEY = "model.diffusion_model."
VAE_KEY = "first_stage_model."
CLIP_KEY = "cond_stage_model.transformer.text_model."
OPEN_CLIP_KEY = "cond_stage_model.model."
XL_CLIP_KEY = "conditioner.embedders.0.transformer.text_model."
XL_OPEN_CLIP_KEY = "conditioner.embedders.1.model."
REFINER_KEY = "conditioner.embedders.0.model."
GUIDANCE = f"{UNET_KEY}time_embed.cond_proj.weight"
"""What a model that was distilled with guidance has besides (Luo et al. 2023, arXiv:2310.04378, sec. 4.3)."""


class Version(NamedTuple):
    """Hold what is the same in all files of a version, and cannot be told from the weights.

    ``texts`` begin the names of its text encoders' weights; ``side`` is in cells of a latent.
    """

    name: str
    texts: tuple[str, ...]
    side: int
    latent_scale: float

    @property
    def large(self) -> bool:
        """Return whether it is one of XL, which is told the sizes of images too."""
        return self.texts[0].startswith("conditioner.")


FIRST = Version("Stable Diffusion 1", (CLIP_KEY,), 64, 0.18215)
SECOND = Version("Stable Diffusion 2", (OPEN_CLIP_KEY,), 96, 0.18215)
XL = Version("Stable Diffusion XL", (XL_CLIP_KEY, XL_OPEN_CLIP_KEY), 128, 0.13025)
REFINER = Version("the refiner of Stable Diffusion XL", (REFINER_KEY,), 128, 0.13025)
VERSIONS = (XL, REFINER, SECOND, FIRST)


def unet_config(weights: Weights, version: Version) -> dict[str, Any]:
    """Of `UNet2DConditionModel`: Stable Diffusion's, with the widths, levels and depths that the weights have."""
    levels: list[list[int]] = [[]]
    depths: list[int] = [0]
    context, linear = 0, False
    for block in count(1):
        inside = f"{UNET_KEY}input_blocks.{block}."
        if f"{inside}0.op.weight" in weights:
            levels.append([])
            depths.append(0)
        elif f"{inside}0.out_layers.3.weight" in weights:
            levels[-1].append(weights[f"{inside}0.out_layers.3.weight"].shape[0])
        else:
            break
        keys = f"{inside}1.transformer_blocks.0.attn2.to_k.weight"
        if keys in weights:
            depths[-1] = _depth(weights, f"{inside}1.")
            context = weights[keys].shape[1]
            linear = weights[f"{inside}1.proj_in.weight"].ndim == 2
    widths = [level[-1] if level else 0 for level in levels]
    middle = _depth(weights, f"{UNET_KEY}middle_block.1.")
    deep = [*(depth or 1 for depth in depths[:-1]), depths[-1] or middle or 1]
    return {
        "sample_size": version.side,
        "in_channels": _width(weights, f"{UNET_KEY}input_blocks.0.0.weight", 1),
        "out_channels": _width(weights, f"{UNET_KEY}out.2.weight", 0),
        "block_out_channels": widths,
        "layers_per_block": len(levels[0]),
        "down_block_types": ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths],
        "up_block_types": ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(depths)],
        "transformer_layers_per_block": deep if len(set(deep)) > 1 else deep[0],
        "cross_attention_dim": context,
        "attention_head_dim": [max(width // 64, 1) for width in widths] if linear else 8,
        "use_linear_projection": linear,
        "upcast_attention": version is SECOND,
        "time_cond_proj_dim": _guidance_width(weights),
        **(_sizes(weights, version) if version.large else {}),
    }


def guided_by(weights: Weights) -> Weights:
    """Return how the U-Net of a distilled model is told a guidance scale, by diffusers' name; empty where it is not."""
    return {"time_embedding.cond_proj.weight": weights[GUIDANCE]} if GUIDANCE in weights else {}


def _guidance_width(weights: Weights) -> int | None:
    return int(weights[GUIDANCE].shape[1]) if GUIDANCE in weights else None


def _sizes(weights: Weights, version: Version) -> dict[str, Any]:
    """Return how XL's U-Net is told the text as a whole and sizes: six numbers, or the refiner's five."""
    wide = _width(weights, f"{UNET_KEY}label_emb.0.0.weight", 1)
    numbers = 5 if version is REFINER else 6
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": (wide - _width(weights, f"{version.texts[-1]}text_projection", 1)) // numbers,
        "projection_class_embeddings_input_dim": wide,
    }


def vae_config(weights: Weights, version: Version) -> dict[str, Any]:
    """Of `AutoencoderKL`: Stable Diffusion's, with the widths and levels that the weights have."""
    widths: list[int] = []
    while (name := f"{VAE_KEY}encoder.down.{len(widths)}.block.0.conv2.weight") in weights:
        widths.append(weights[name].shape[0])
    layers = next(n for n in count() if f"{VAE_KEY}encoder.down.0.block.{n}.conv2.weight" not in weights)
    return {
        "block_out_channels": widths,
        "down_block_types": ["DownEncoderBlock2D"] * len(widths),
        "up_block_types": ["UpDecoderBlock2D"] * len(widths),
        "layers_per_block": layers,
        "latent_channels": _width(weights, f"{VAE_KEY}decoder.conv_in.weight", 1),
        "sample_size": 8 * version.side,
        "scaling_factor": version.latent_scale,
    }


def clip_config(weights: Weights, key: str) -> dict[str, Any]:
    """Of `CLIPTextConfig`, for CLIP's text encoder; ``key`` begins its weights' names."""
    layer = key + "encoder.layers.{}.mlp.fc1.weight"
    tokens, positions = f"{key}embeddings.token_embedding.weight", f"{key}embeddings.position_embedding.weight"
    return _text_config(weights, tokens, positions, layer) | {"hidden_act": "quick_gelu"}


def open_clip_config(weights: Weights, key: str, unused: int) -> dict[str, Any]:
    """Of `CLIPTextConfig`, for OpenCLIP's text encoder without its last ``unused`` layers."""
    layer = key + "transformer.resblocks.{}.mlp.c_fc.weight"
    found = _text_config(weights, f"{key}token_embedding.weight", f"{key}positional_embedding", layer)
    layers = max(found["num_hidden_layers"] - unused, 0)
    return found | {"num_hidden_layers": layers, "hidden_act": "gelu"}


def _text_config(weights: Weights, tokens: str, positions: str, layer: str) -> dict[str, Any]:
    width = _width(weights, tokens, 1)
    return {
        "vocab_size": _width(weights, tokens, 0),
        "hidden_size": width,
        "intermediate_size": _width(weights, layer.format(0), 0),
        "projection_dim": width,
        "num_hidden_layers": next(n for n in count() if layer.format(n) not in weights),
        "num_attention_heads": max(width // 64, 1),
        "max_position_embeddings": _width(weights, positions, 0),
    }


def _depth(weights: Weights, inside: str) -> int:
    """Return how many transformer layers stand in a place."""
    return next(n for n in count() if f"{inside}transformer_blocks.{n}.attn1.to_q.weight" not in weights)


def _width(weights: Weights, name: str, axis: int) -> int:
    return int(weights[name].shape[axis])
