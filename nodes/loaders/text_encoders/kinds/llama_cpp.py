"""llama.cpp's layout of language models in GGUF files: its names, the order of its rows, and what it adds to norms.

Source: llama.cpp's converters (conversion/llama.py, gemma.py) and gguf-py's table of names.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from nodes.loaders.models.architecture import Weights
from nodes.loaders.quantised.row_order import in_order
from nodes.loaders.text_encoders.kinds.names import renamed

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
LLAMA_CPP_GEMMA: Mapping[str, str] = {
    **LLAMA_CPP,
    r"blk\.(\d+)\.post_attention_norm\.": r"layers.\1.post_attention_layernorm.",
    r"blk\.(\d+)\.ffn_norm\.": r"layers.\1.pre_feedforward_layernorm.",
    r"blk\.(\d+)\.post_ffw_norm\.": r"layers.\1.post_feedforward_layernorm.",
}
"""The same for Gemma 2 and 3, which have norms behind their layers too."""
LLAMA_CPP_GLM: Mapping[str, str] = {r"blk\.(\d+)\.ffn_up\.": r"layers.\1.mlp.gate_up_proj.", **LLAMA_CPP}
"""The same for GLM-4, whose gate lies in one matrix with what it lets through."""
LLAMA_CPP_CHAT_GLM: Mapping[str, str] = {
    r"token_embd\.": "embedding.word_embeddings.",
    r"output_norm\.": "encoder.final_layernorm.",
    r"output\.": "output_layer.",
    r"blk\.(\d+)\.attn_qkv\.": r"encoder.layers.\1.self_attention.query_key_value.",
    r"blk\.(\d+)\.attn_output\.": r"encoder.layers.\1.self_attention.dense.",
    r"blk\.(\d+)\.attn_norm\.": r"encoder.layers.\1.input_layernorm.",
    r"blk\.(\d+)\.ffn_norm\.": r"encoder.layers.\1.post_attention_layernorm.",
    r"blk\.(\d+)\.ffn_up\.": r"encoder.layers.\1.mlp.dense_h_to_4h.",
    r"blk\.(\d+)\.ffn_down\.": r"encoder.layers.\1.mlp.dense_4h_to_h.",
}
"""The same for ChatGLM 3, by its own names."""
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
LLAMA_CPP_IGNORABLE = (r"rope_freqs\.weight$", r"dec\.")
"""Frequencies of rotary positions, which the configuration says too, and the decoder of T5."""
BLOCK, NORM = "blk.", "norm.weight"
TURNED = ".self_attn.q_proj.", ".self_attn.k_proj."


def is_llama_cpp(weights: Weights) -> bool:
    """Return whether weights have llama.cpp's names."""
    return any(name.startswith(BLOCK) for name in weights)


def from_pairs(weights: Weights, head: int, rules: Mapping[str, str] = LLAMA_CPP) -> Weights:
    """Weights by transformers' names. Where llama.cpp has its own, rows of queries and keys go back to where they are
    turned in halves of a ``head``: it turns neighbours, and has them side by side (arch llama, mistral3, smollm3)."""
    turned = is_llama_cpp(weights)
    found = renamed(rules, weights)
    if turned:
        found |= {name: _halves(value, head) for name, value in found.items() if any(one in name for one in TURNED)}
    return found


def from_raised(weights: Weights) -> Weights:
    """Weights of Gemma by transformers' names. llama.cpp has norms one higher, as they are multiplied with."""
    raised = is_llama_cpp(weights)
    found = renamed(LLAMA_CPP_GEMMA if raised else LLAMA_CPP, weights)
    if raised:
        found |= {name: value.float() - 1 for name, value in found.items() if name.endswith(NORM)}
    return found


def _halves(weight: Tensor, head: int) -> Tensor:
    """Rows whose neighbours belong together, as those that stand half a head apart."""
    rows = torch.arange(len(weight)).unflatten(0, (-1, head // 2, 2))
    found: Tensor = in_order(weight, rows.transpose(1, 2).flatten())
    return found
