"""SmolLM3 (Bakouch et al. 2025) as a text encoder."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import decoder_sizes
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.llama import HEAD, IGNORABLE, llama_names
from nodes.loaders.text_encoders.tokenizers import Tokenizing


def shape(weights: Weights) -> Any:
    """Of `SmolLM3Config`; what no weight tells is as in the one of three billion weights."""
    from transformers import SmolLM3Config

    return SmolLM3Config(
        **decoder_sizes(weights, HEAD),
        max_position_embeddings=65536,
        rope_parameters={"rope_type": "default", "rope_theta": 5e6},
        pad_token_id=None,
    )


SMOLLM_3 = EncoderKind(
    "SmolLM3 3B",
    ("SmolLM3 3B", "Llama or Mistral"),
    Architecture("transformers", "SmolLM3Model", shape, llama_names, IGNORABLE),
    Tokenizing("PreTrainedTokenizerFast", ("briaai/FIBO:tokenizer", "HuggingFaceTB/SmolLM3-3B:")),
)
