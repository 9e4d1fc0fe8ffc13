"""Google's language models as text encoders: Gemma 2 (Gemma team 2024, arXiv:2408.00118)."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import decoder_sizes
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.llama_cpp import from_raised
from nodes.loaders.text_encoders.kinds.names import without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

HEAD = 256
"""Numbers a head in Gemma 2 of two billion weights."""


def gemma_2_names(weights: Weights) -> Weights:
    """Of `Gemma2Model`, from those that transformers saves, and llama.cpp's."""
    return from_raised(without(("transformer.", "model."), weights))


def gemma_2_shape(weights: Weights) -> Any:
    """Of `Gemma2Config`."""
    from transformers import Gemma2Config

    return Gemma2Config(
        **decoder_sizes(weights, HEAD),
    )


GEMMA_2 = EncoderKind(
    "Gemma 2 2B",
    ("Gemma 2",),
    Architecture(
        "transformers", "Gemma2Model", gemma_2_shape, gemma_2_names, (r"(.*\.)?lm_head\.", r"(.*\.)?logit_scale$")
    ),
    Tokenizing(
        "GemmaTokenizer",
        ("Alpha-VLLM/Lumina-Image-2.0:tokenizer", "Efficient-Large-Model/Sana_1600M_1024px_diffusers:tokenizer"),
        "gemma_tokenizer",
    ),
)
