"""The encoder of T5Gemma (Zhang et al. 2025, arXiv:2504.06225)."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers, decoder_sizes
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.names import without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

HEAD = 256
"""Numbers a head in those of two billion weights."""


def names(weights: Weights) -> Weights:
    """Of `T5GemmaEncoder`, alone or out of the whole model, whose decoder is left out."""
    return without(("model.", "encoder."), {name: value for name, value in weights.items() if "decoder." not in name})


def shape(weights: Weights) -> Any:
    """Of `T5GemmaModuleConfig`."""
    from transformers.models.t5gemma.configuration_t5gemma import T5GemmaModuleConfig

    layers = count_layers(weights, "layers")
    return T5GemmaModuleConfig(
        **decoder_sizes(weights, HEAD),
        dropout_rate=0.0,
        layer_types=[("sliding_attention", "full_attention")[number % 2] for number in range(layers)],
    )


T5GEMMA_2B = EncoderKind(
    "T5Gemma 2B",
    ("T5Gemma",),
    Architecture("diffusers.pipelines.prx", "T5GemmaEncoder", shape, names, (r"(.*\.)?(decoder|lm_head)\.",)),
    Tokenizing("GemmaTokenizer", ("Photoroom/prx-512-t2i-sft:tokenizer", "google/t5gemma-2b-2b-ul2:")),
)
