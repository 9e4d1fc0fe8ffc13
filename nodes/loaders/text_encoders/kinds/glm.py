"""Zhipu's language models as text encoders: GLM-4 (GLM team 2024, arXiv:2406.12793)."""

from __future__ import annotations

import re
from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import decoder_sizes
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.llama_cpp import LLAMA_CPP_GLM
from nodes.loaders.text_encoders.kinds.names import renamed, without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

HEAD = 128
"""Numbers a head."""


def glm_4_names(weights: Weights) -> Weights:
    """Of `GlmModel`, from those that transformers saves, and llama.cpp's, which has queries, keys and values in one
    where it was made of the first release's files."""
    found: Weights = {}
    for name, value in renamed(LLAMA_CPP_GLM, without(("transformer.", "model."), weights)).items():
        before, joined, end = name.partition("attn_qkv.")
        if not joined:
            found[name] = value
            continue
        layer = re.sub(r"blk\.(\d+)\.", r"layers.\1.self_attn.", before)
        wide = weights[f"{before}attn_output.weight"].shape[1]
        sizes = (wide, (len(value) - wide) // 2, (len(value) - wide) // 2)
        parts = zip(("q_proj", "k_proj", "v_proj"), value.split(sizes), strict=True)
        found |= {f"{layer}{part}.{end}": rows for part, rows in parts}
    return found


def glm_4_shape(weights: Weights) -> Any:
    """Of `GlmConfig`; what no weight tells is as in GLM-4 9B."""
    from transformers import GlmConfig

    return GlmConfig(
        **decoder_sizes(weights, HEAD),
        pad_token_id=None,
    )


GLM_4 = EncoderKind(
    "GLM-4 9B",
    ("GLM-4",),
    Architecture("transformers", "GlmModel", glm_4_shape, glm_4_names, (r"(.*\.)?lm_head\.",)),
    Tokenizing("AutoTokenizer", ("THUDM/CogView4-6B:tokenizer",), begins=("[gMASK]", "<sop>")),
)
