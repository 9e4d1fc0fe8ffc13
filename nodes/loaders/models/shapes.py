"""What shapes of networks are told by, whatever the family."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

HEAD = 128
"""Numbers a head in the models that are in use, by which their rotary axes are told."""


def count_layers(weights: Iterable[str], place: str) -> int:
    """Return how many layers a list of them has, wherever it stands. Raises KeyError where it has none."""
    before = f"{place}."
    numbers = [int(name.removeprefix(before).split(".")[0]) for name in weights if name.startswith(before)]
    if not numbers:
        raise KeyError(f"{before}0")
    return 1 + max(numbers)


def rotary_axes(head: int, *parts: int) -> tuple[int, ...]:
    """The shares of a head that rotate by each axis, which stand in no file: those of the models that are in use."""
    return tuple(part * head // HEAD for part in parts)


def in_area(size: tuple[int, int], side: int, multiple: int = 32) -> tuple[int, int]:
    """Height and width of as many pixels as a square has, in the ratio of a size, and multiples of a number."""
    width = math.sqrt(side**2 * size[1] / size[0])
    return round(width * size[0] / size[1] / multiple) * multiple, round(width / multiple) * multiple


def flux_shape(weights: Mapping[str, Any]) -> dict[str, Any]:
    """What transformers of FLUX's shape have in common, told from weights in diffusers' names."""
    inner, channels = weights["x_embedder.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    return {
        "in_channels": channels,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "num_single_layers": count_layers(weights, "single_transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["context_embedder.weight"].shape[1],
        "axes_dims_rope": rotary_axes(head, 16, 56, 56),
    }


def cogview_shape(weights: Mapping[str, Any], image: str, text: str, told: int, patch: int) -> dict[str, Any]:
    """What transformers of CogView 4's shape have in common, told from weights in diffusers' names.

    ``image`` and ``text`` are the weights that take patches and a text in; ``told``: how many numbers of an image's
    size and crop the network is told; ``patch``: cells on a patch's side.
    """
    inner, cells = weights[image].shape
    timed = "time_condition_embed."
    return {
        "patch_size": patch,
        "in_channels": cells // patch**2,
        "out_channels": len(weights["proj_out.weight"]) // patch**2,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "attention_head_dim": HEAD,
        "num_attention_heads": inner // HEAD,
        "text_embed_dim": weights[text].shape[1],
        "time_embed_dim": len(weights[f"{timed}timestep_embedder.linear_1.weight"]),
        "condition_dim": weights[f"{timed}condition_embedder.linear_1.weight"].shape[1] // told,
    }


def decoder_sizes(weights: Mapping[str, Any], head: int, before: str = "") -> dict[str, int]:
    """What transformers' configurations of language models have in common, told from weights whose names begin with
    ``before``; ``head`` is how many numbers a head of theirs has."""
    layer = f"{before}layers.0."
    words, width = weights[f"{before}embed_tokens.weight"].shape
    gate = weights.get(f"{layer}mlp.gate_proj.weight")  # GLM's stands in one tensor with what it gates
    return {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": weights[f"{layer}mlp.down_proj.weight"].shape[1] if gate is None else len(gate),
        "num_hidden_layers": count_layers(weights, f"{before}layers"),
        "num_attention_heads": len(weights[f"{layer}self_attn.q_proj.weight"]) // head,
        "num_key_value_heads": len(weights[f"{layer}self_attn.k_proj.weight"]) // head,
        "head_dim": head,
    }
