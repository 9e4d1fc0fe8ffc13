"""Qwen's language models as text encoders: Qwen 2.5 VL (Bai et al. 2025, arXiv:2502.13923) and Qwen 3 (Yang et al.
2025, arXiv:2505.09388)."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.llama_cpp import LLAMA_CPP
from nodes.loaders.text_encoders.kinds.names import renamed, without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

HEAD = 128
"""Numbers a head in Qwen 2.5 VL."""
THETA = 1e6
"""Of rotary positions."""
SIGHT = "visual."
IGNORABLE = (r"(.*\.)?lm_head\.", r"(.*\.)?logit_scale$", r"(.*\.)?tokenizer_json$")


def qwen_3_names(weights: Weights) -> Weights:
    """Of `Qwen3Model`, from those that transformers saves, that other programs save, and llama.cpp's."""
    return renamed(LLAMA_CPP, without(("transformer.", "model."), weights))


def qwen_3_shape(weights: Weights) -> Any:
    """Of `Qwen3Config`."""
    from transformers import Qwen3Config

    head = len(weights["layers.0.self_attn.q_norm.weight"])
    return Qwen3Config(**_language(weights, "", head), head_dim=head, rms_norm_eps=1e-6, rope_parameters=_rotary())


def qwen_25_names(weights: Weights) -> Weights:
    """Of `Qwen2_5_VLModel`: its words and its sight, however the file keeps them apart."""
    found: Weights = {}
    for name, value in renamed(LLAMA_CPP, without(("transformer.",), weights)).items():
        bare = name.removeprefix("model.").removeprefix("language_model.").removeprefix("model.")
        found[bare if bare.startswith((SIGHT, "lm_head.")) else f"language_model.{bare}"] = value
    return found


def qwen_25_shape(weights: Weights) -> Any:
    """Of `Qwen2_5_VLConfig`; files without sight (GGUF) say nothing of it."""
    from transformers import Qwen2_5_VLConfig

    text = _language(weights, "language_model.", HEAD)
    rotary = {**_rotary(), "mrope_section": [16, 24, 24]}
    sight = _sight(weights) if f"{SIGHT}patch_embed.proj.weight" in weights else {}
    return Qwen2_5_VLConfig(
        text_config={**text, "rms_norm_eps": 1e-6, "max_position_embeddings": 128000, "rope_parameters": rotary},
        vision_config={**sight, "out_hidden_size": text["hidden_size"]},
    )


def _rotary() -> dict[str, Any]:
    return {"rope_type": "default", "rope_theta": THETA}


def _language(weights: Weights, before: str, head: int) -> dict[str, Any]:
    words, width = weights[f"{before}embed_tokens.weight"].shape
    layer = f"{before}layers.0."
    return {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": len(weights[f"{layer}mlp.gate_proj.weight"]),
        "num_hidden_layers": count_layers(weights, f"{before}layers"),
        "num_attention_heads": len(weights[f"{layer}self_attn.q_proj.weight"]) // head,
        "num_key_value_heads": len(weights[f"{layer}self_attn.k_proj.weight"]) // head,
    }


def _sight(weights: Weights) -> dict[str, Any]:
    width, channels, frames, patch, _ = weights[f"{SIGHT}patch_embed.proj.weight"].shape
    depth = count_layers(weights, f"{SIGHT}blocks")
    return {
        "depth": depth,
        "hidden_size": width,
        "intermediate_size": len(weights[f"{SIGHT}blocks.0.mlp.gate_proj.weight"]),
        "num_heads": max(width // 80, 1),
        "in_channels": channels,
        "patch_size": patch,
        "temporal_patch_size": frames,
        "tokens_per_second": 2,
        "window_size": 112,
        "fullatt_block_indexes": [7, 15, 23, 31],
    }


QWEN_3_4B = EncoderKind(
    "Qwen3 4B",
    ("Qwen3 4B", "Qwen3"),
    Architecture("transformers", "Qwen3Model", qwen_3_shape, qwen_3_names, IGNORABLE),
    Tokenizing("Qwen2Tokenizer", ("Tongyi-MAI/Z-Image-Turbo:tokenizer", "Qwen/Qwen3-4B:"), "qwen25_tokenizer"),
)
QWEN_25_VL_7B = EncoderKind(
    "Qwen2.5-VL 7B",
    ("Qwen2.5-VL 7B", "Qwen2.5-VL"),
    Architecture("transformers", "Qwen2_5_VLModel", qwen_25_shape, qwen_25_names, IGNORABLE, optional=("visual",)),
    Tokenizing("Qwen2Tokenizer", ("Qwen/Qwen-Image:tokenizer", "Qwen/Qwen2.5-VL-7B-Instruct:"), "qwen25_tokenizer"),
)


def qwen_3_vl_shape(weights: Weights) -> Any:
    """Of `Qwen3VLConfig`."""
    from transformers import Qwen3VLConfig

    head = len(weights["language_model.layers.0.self_attn.q_norm.weight"])
    text = _language(weights, "language_model.", head)
    rotary = {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20], "mrope_interleaved": True}
    return Qwen3VLConfig(
        text_config={**text, "head_dim": head, "rms_norm_eps": 1e-6, "rope_parameters": rotary},
        vision_config=_sight_3(weights) if f"{SIGHT}patch_embed.proj.weight" in weights else {},
    )


def _sight_3(weights: Weights) -> dict[str, Any]:
    width, channels, frames, patch, _ = weights[f"{SIGHT}patch_embed.proj.weight"].shape
    depth = count_layers(weights, f"{SIGHT}blocks")
    deep = count_layers(weights, f"{SIGHT}deepstack_merger_list")
    return {
        "depth": depth,
        "hidden_size": width,
        "intermediate_size": len(weights[f"{SIGHT}blocks.0.mlp.linear_fc1.weight"]),
        "num_heads": 16,
        "in_channels": channels,
        "patch_size": patch,
        "temporal_patch_size": frames,
        "out_hidden_size": len(weights[f"{SIGHT}merger.linear_fc2.weight"]),
        "num_position_embeddings": len(weights[f"{SIGHT}pos_embed.weight"]),
        "deepstack_visual_indexes": DEEP.get(depth, [(n + 1) * depth // (deep + 1) for n in range(deep)]),
    }


DEEP = {27: [8, 16, 24], 24: [5, 11, 17]}
"""The layers of Qwen3-VL's sight whose states the words are given too, by how many layers it has."""
EYES_3: dict[str, Any] = {
    "patch_size": 16,
    "merge_size": 2,
    "temporal_patch_size": 2,
    "image_mean": [0.5] * 3,
    "image_std": [0.5] * 3,
    "size": {"shortest_edge": 65536, "longest_edge": 16777216},
}
EYES_25: dict[str, Any] = {
    "patch_size": 14,
    "merge_size": 2,
    "temporal_patch_size": 2,
    "size": {"shortest_edge": 3136, "longest_edge": 12845056},
}
"""How images are brought to patches for Qwen3-VL and Qwen 2.5 VL; the second normalises as CLIP does."""
_VL = Architecture("transformers", "Qwen3VLModel", qwen_3_vl_shape, qwen_25_names, IGNORABLE, optional=("visual",))
QWEN_3_VL_8B = EncoderKind(
    "Qwen3-VL 8B",
    ("Qwen3-VL 8B", "Qwen3-VL"),
    _VL,
    Tokenizing("Qwen2Tokenizer", ("Qwen/Qwen3-VL-8B-Instruct:",), "qwen25_tokenizer"),
)
QWEN_3_VL_4B = EncoderKind(
    "Qwen3-VL 4B",
    ("Qwen3-VL 4B", "Qwen3-VL"),
    _VL,
    Tokenizing("Qwen2Tokenizer", ("Qwen/Qwen3-VL-4B-Instruct:",), "qwen25_tokenizer"),
)
QWEN_3_VL = EncoderKind("Qwen3-VL 4B", ("Qwen3-VL 4B", "Qwen3-VL 8B", "Qwen3-VL"), _VL, QWEN_3_VL_4B.tokenizing)
"""Of either size, which FLUX.3's transformers tell apart."""
QWEN_3 = EncoderKind("Qwen3 4B", ("Qwen3 4B", "Qwen3 8B", "Qwen3"), QWEN_3_4B.architecture, QWEN_3_4B.tokenizing)
"""Of either size, which FLUX.2 Klein's transformers tell apart."""
QWEN_3_2B = EncoderKind(
    "Qwen3 2B",
    ("Qwen3 2B", "Qwen3"),
    QWEN_3_4B.architecture,
    Tokenizing("Qwen2Tokenizer", ("AIDC-AI/Ovis-Image-7B:tokenizer", "Qwen/Qwen3-1.7B:"), "qwen25_tokenizer"),
)
"""Of Ovis 2.5, of Qwen 3 1.7B's size."""
