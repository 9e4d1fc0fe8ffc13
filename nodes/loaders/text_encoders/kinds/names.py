"""Names of weights in files of text encoders: what is put before them, and llama.cpp's words for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nodes.loaders.models.architecture import Weights

NO_WEIGHT = "tokenizer_json", "spiece_model", "tekken_model"
"""Tensors that hold a tokenizer."""


def without(prefixes: Sequence[str], weights: Weights) -> Weights:
    """Weights without each of the prefixes that stands before most names, and without tokenizers."""
    weights = {name: value for name, value in weights.items() if name.rpartition(".")[2] not in NO_WEIGHT}
    for prefix in prefixes:
        if 2 * sum(name.startswith(prefix) for name in weights) > len(weights):
            weights = {name.removeprefix(prefix): value for name, value in weights.items()}
    return weights


def renamed(rules: Mapping[str, str], weights: Weights) -> Weights:
    """Weights by other names: each by the first pattern that is at its beginning; the rest keep theirs."""
    compiled = [(re.compile(pattern), new) for pattern, new in rules.items()]
    found: Weights = {}
    for name, value in weights.items():
        other = next((pattern.sub(new, name, count=1) for pattern, new in compiled if pattern.match(name)), name)
        found[other] = value
    return found


LLAMA_CPP: Mapping[str, str] = {
    r"token_embd\.": "embed_tokens.",
    r"output_norm\.": "norm.",
    r"output\.": "lm_head.",
    r"blk\.(\d+)\.attn_([qkv])\.": r"layers.\1.self_attn.\2_proj.",
    r"blk\.(\d+)\.attn_output\.": r"layers.\1.self_attn.o_proj.",
    r"blk\.(\d+)\.attn_([qk])_norm\.": r"layers.\1.self_attn.\2_norm.",
    r"blk\.(\d+)\.attn_norm\.": r"layers.\1.input_layernorm.",
    r"blk\.(\d+)\.ffn_norm\.": r"layers.\1.post_attention_layernorm.",
    r"blk\.(\d+)\.ffn_(gate|up|down)\.": r"layers.\1.mlp.\2_proj.",
}
"""llama.cpp's names of a language model's weights, and transformers'."""
LLAMA_CPP_T5: Mapping[str, str] = {
    r"token_embd\.": "shared.",
    r"enc\.output_norm\.": "encoder.final_layer_norm.",
    r"enc\.blk\.(\d+)\.attn_([qkvo])\.": r"encoder.block.\1.layer.0.SelfAttention.\2.",
    r"enc\.blk\.(\d+)\.attn_rel_b\.": r"encoder.block.\1.layer.0.SelfAttention.relative_attention_bias.",
    r"enc\.blk\.(\d+)\.attn_norm\.": r"encoder.block.\1.layer.0.layer_norm.",
    r"enc\.blk\.(\d+)\.ffn_gate\.": r"encoder.block.\1.layer.1.DenseReluDense.wi_0.",
    r"enc\.blk\.(\d+)\.ffn_up\.": r"encoder.block.\1.layer.1.DenseReluDense.wi_1.",
    r"enc\.blk\.(\d+)\.ffn_down\.": r"encoder.block.\1.layer.1.DenseReluDense.wo.",
    r"enc\.blk\.(\d+)\.ffn_norm\.": r"encoder.block.\1.layer.1.layer_norm.",
}
"""The same for T5's encoder."""
