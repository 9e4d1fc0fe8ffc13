"""Meta's language models as text encoders: Llama 3.1 (Grattafiori et al. 2024, arXiv:2407.21783)."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import decoder_sizes
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.llama_cpp import LLAMA_CPP_IGNORABLE, from_pairs
from nodes.loaders.text_encoders.kinds.names import without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

HEAD = 128
"""Numbers a head."""
IGNORABLE = (r"(.*\.)?lm_head\.", r"(.*\.)?logit_scale$", *LLAMA_CPP_IGNORABLE)
ROTARY = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def llama_names(weights: Weights) -> Weights:
    """Of `LlamaModel`, from those that transformers saves, and llama.cpp's."""
    return from_pairs(without(("transformer.", "model."), weights), HEAD)


def llama_shape(weights: Weights) -> Any:
    """Of `LlamaConfig`; what no weight tells is as in Llama 3.1."""
    from transformers import LlamaConfig

    return LlamaConfig(
        **decoder_sizes(weights, HEAD),
        rms_norm_eps=1e-5,
        max_position_embeddings=131072,
        rope_parameters=ROTARY,
    )


LLAMA_31 = EncoderKind(
    "Llama 3.1 8B",
    ("Llama 3.1 8B", "Llama or Mistral"),
    Architecture("transformers", "LlamaModel", llama_shape, llama_names, IGNORABLE),
    Tokenizing(
        "PreTrainedTokenizerFast", ("meta-llama/Llama-3.1-8B-Instruct:", "HiDream-ai/HiDream-I1-Full:tokenizer_4")
    ),
)
