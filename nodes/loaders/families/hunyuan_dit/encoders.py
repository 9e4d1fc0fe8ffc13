"""Hunyuan-DiT's text encoders: a BERT that was trained with images on English and Chinese, as CLIP is, and mT5."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.names import without
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL
from nodes.loaders.text_encoders.tokenizers import Tokenizing

HEAD = 64
"""Numbers a head in every BERT."""
LAYER = "encoder.layer"
SOURCE = "Tencent-Hunyuan/HunyuanDiT-v1.2-Diffusers"
"""Who has both tokenizers."""


class WordPieces(Tokenizing):
    """A vocabulary that no file of weights holds; one that a file of the whole model has is mT5's."""

    def of_weights(self, file: Path) -> Any | None:
        return None


def names(weights: Weights) -> Weights:
    """Of `BertModel`, with or without what other classes and programs put before them."""
    return without(("transformer.", "model.", "bert."), weights)


def shape(weights: Weights) -> Any:
    """Of `BertConfig`."""
    from transformers import BertConfig

    words, width = weights["embeddings.word_embeddings.weight"].shape
    return BertConfig(
        vocab_size=words,
        hidden_size=width,
        num_hidden_layers=count_layers(weights, LAYER),
        num_attention_heads=width // HEAD,
        intermediate_size=len(weights[f"{LAYER}.0.intermediate.dense.weight"]),
        max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
        type_vocab_size=len(weights["embeddings.token_type_embeddings.weight"]),
    )


BILINGUAL_CLIP = EncoderKind(
    "bilingual CLIP",
    ("bilingual CLIP",),
    Architecture(
        "transformers",
        "BertModel",
        shape,
        names,
        (r"(.*\.)?cls\.", r".*position_ids$", r"(.*\.)?logit_scale$"),
        precisions=("float16", "bfloat16", "float32"),
        optional=("pooler",),
    ),
    WordPieces("BertTokenizer", (f"{SOURCE}:tokenizer",), "hydit_clip_tokenizer"),
)
"""A BERT (Devlin et al. 2018, arXiv:1810.04805)."""
MT5_XL = EncoderKind(
    "mT5-XL",
    ("mT5-XL", "T5"),
    T5_XXL.architecture,
    Tokenizing("T5TokenizerFast", (f"{SOURCE}:tokenizer_2", "google/mt5-xl:")),
)
"""T5 1.1 for a hundred languages (Xue et al. 2020, arXiv:2010.11934)."""
