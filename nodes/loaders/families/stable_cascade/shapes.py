"""Weights of both U-Nets of Stable Cascade: their names, and what they tell of the network."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Weights
from nodes.loaders.models.shapes import count_layers

HEAD = 64
"""Numbers a head."""
TEXTS = 4
"""Tokens that the text as a whole, or an image, is made into."""
PARTS = {
    "depthwise": "SDCascadeResBlock",
    "mapper": "SDCascadeTimestepBlock",
    "kv_mapper": "SDCascadeAttnBlock",
}
"""Kinds of blocks by a layer that they alone have."""


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or Stability AI's."""
    from diffusers.loaders.single_file_utils import convert_stable_cascade_unet_single_file_to_diffusers

    found: Weights = convert_stable_cascade_unet_single_file_to_diffusers(weights)
    return found


def shape(weights: Weights, patch: int) -> dict[str, Any]:
    """Of `StableCascadeUNet`, which takes ``patch`` x ``patch`` cells as one."""
    levels = [_blocks(weights, f"down_blocks.{level}.") for level in range(count_layers(weights, "down_blocks"))]
    ups = [_blocks(weights, f"up_blocks.{level}.") for level in range(len(levels))]
    widths = [len(weights[f"down_blocks.{level}.0.depthwise.weight"]) for level in range(len(levels))]
    kinds = [tuple(dict.fromkeys(blocks)) for blocks in levels]
    looks = [PARTS["kv_mapper"] in kind for kind in kinds]
    times = weights["down_blocks.0.1.mapper.weight"].shape[1]
    return {
        "in_channels": weights["embedding.1.weight"].shape[1] // patch**2,
        "out_channels": len(weights["clf.1.weight"]) // patch**2,
        "patch_size": patch,
        "timestep_ratio_embedding_dim": times,
        "timestep_conditioning_type": tuple(
            name for name in ("sca", "crp") if f"down_blocks.0.1.mapper_{name}.weight" in weights
        ),
        "conditioning_dim": len(weights["clip_txt_pooled_mapper.weight"]) // TEXTS,
        "clip_seq": TEXTS,
        "block_out_channels": tuple(widths),
        "num_attention_heads": tuple(
            width // HEAD if looking else -1 for width, looking in zip(widths, looks, strict=True)
        ),
        "block_types_per_layer": tuple(kinds),
        "down_num_layers_per_block": tuple(len(blocks) // len(set(blocks)) for blocks in levels),
        "up_num_layers_per_block": tuple(len(blocks) // len(set(blocks)) for blocks in ups),
        "down_blocks_repeat_mappers": _repeats(weights, "down_repeat_mappers", len(levels)),
        "up_blocks_repeat_mappers": _repeats(weights, "up_repeat_mappers", len(levels)),
        "kernel_size": weights["down_blocks.0.0.depthwise.weight"].shape[-1],
        "clip_text_in_channels": _columns(weights, "clip_txt_mapper"),
        "clip_text_pooled_in_channels": _columns(weights, "clip_txt_pooled_mapper"),
        "clip_image_in_channels": _columns(weights, "clip_img_mapper"),
        "effnet_in_channels": _columns(weights, "effnet_mapper.0"),
        "pixel_mapper_in_channels": _columns(weights, "pixels_mapper.0"),
        "switch_level": ((False,) * (len(levels) - 1) if "down_downscalers.1.1.blocks.0.weight" in weights else None),
        "dropout": (0.0,) * len(levels),
    }


def _blocks(weights: Weights, before: str) -> list[str]:
    """The kinds of blocks of one level, in their order."""
    kinds = {}
    for name in weights:
        if name.startswith(before):
            number, _, rest = name.removeprefix(before).partition(".")
            if (part := rest.partition(".")[0]) in PARTS:
                kinds[int(number)] = PARTS[part]
    return [kinds[number] for number in sorted(kinds)]


def _repeats(weights: Weights, name: str, levels: int) -> tuple[int, ...]:
    """How often each level is gone through."""
    return tuple(
        1 + len({key.split(".")[2] for key in weights if key.startswith(f"{name}.{level}.")}) for level in range(levels)
    )


def _columns(weights: Weights, name: str) -> int | None:
    weight = weights.get(f"{name}.weight")
    return None if weight is None else int(weight.shape[1])
