"""T5's encoder in version 1.1 (Raffel et al. 2019, arXiv:1910.10683; gated GELU: Shazeer 2020, arXiv:2002.05202)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.quantised.layers import is_stored
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.llama_cpp import LLAMA_CPP_IGNORABLE, LLAMA_CPP_T5
from nodes.loaders.text_encoders.kinds.names import renamed, without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

TABLE, LOOKED_UP = "shared.weight", "encoder.embed_tokens.weight"
"""Two names of the same table, of which the encoder looks tokens up in the second."""
BLOCKS = "encoder.block"
LAYER = f"{BLOCKS}.0.layer.{{}}."


def t5_names(weights: Weights) -> Weights:
    """Names as transformers has them, from those of llama.cpp too; the table of tokens under the name that is used."""
    named = renamed(LLAMA_CPP_T5, without(("transformer.", "model."), weights))
    if TABLE in named and LOOKED_UP not in named:
        named[LOOKED_UP] = named.pop(TABLE)
    return named


def t5_shape(weights: Weights) -> Any:
    """Of `T5Config`."""
    from transformers import T5Config

    attention, feeding = LAYER.format(0), LAYER.format(1)
    bias = weights[f"{attention}SelfAttention.relative_attention_bias.weight"]
    words, width = weights[LOOKED_UP].shape
    gated = f"{feeding}DenseReluDense.wi_0.weight" in weights
    wide = weights[f"{feeding}DenseReluDense.{'wi_0' if gated else 'wi'}.weight"]
    return T5Config(
        vocab_size=words,
        d_model=width,
        d_kv=len(weights[f"{attention}SelfAttention.q.weight"]) // bias.shape[1],
        d_ff=len(wide),
        num_layers=count_layers(weights, BLOCKS),
        num_heads=bias.shape[1],
        relative_attention_num_buckets=len(bias),
        feed_forward_proj="gated-gelu" if gated else "relu",
    )


class _Feeding:
    """The gated layer of T5 where its weights are stored: the library's own looks at the precision of a weight in every
    call, and would have it widened whole for that."""

    wi_0: Any
    wi_1: Any
    wo: Any
    act: Any

    def forward(self, hidden_states: Tensor) -> Tensor:
        found: Tensor = self.wo(self.act(self.wi_0(hidden_states)) * self.wi_1(hidden_states))
        return found


def by_stored_weights(module: nn.Module) -> None:
    """Make the layers of an encoder compute without looking at weights that are stored."""
    from transformers.models.t5.modeling_t5 import T5DenseGatedActDense

    kind = type("StoredFeeding", (_Feeding, T5DenseGatedActDense), {})
    for layer in module.modules():
        if isinstance(layer, T5DenseGatedActDense) and is_stored(layer.wo):
            layer.__class__ = kind


T5_XXL = EncoderKind(
    "T5-XXL",
    ("T5-XXL", "T5"),
    Architecture(
        "transformers",
        "T5EncoderModel",
        t5_shape,
        t5_names,
        (r"(.*\.)?(decoder|lm_head)\.", r"(.*\.)?logit_scale$", *LLAMA_CPP_IGNORABLE),
        tied={"shared": "encoder.embed_tokens"},
        finish=by_stored_weights,
    ),
    Tokenizing(
        "T5TokenizerFast",
        ("black-forest-labs/FLUX.1-schnell:tokenizer_2", "google/t5-v1_1-xxl:", "google-t5/t5-base:"),
        "t5_tokenizer",
    ),
)


def umt5_shape(weights: Weights) -> Any:
    """Of `UMT5Config`."""
    from transformers import UMT5Config

    said = t5_shape(weights).to_dict()
    known = ("vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_heads", "relative_attention_num_buckets")
    return UMT5Config(**{name: said[name] for name in known}, feed_forward_proj=said["feed_forward_proj"])


PILE_T5 = EncoderKind(
    "Pile-T5-XL",
    ("Pile-T5-XL",),
    replace(T5_XXL.architecture, kind="UMT5EncoderModel", shape=umt5_shape),
    Tokenizing("LlamaTokenizer", ("fal/AuraFlow:tokenizer", "EleutherAI/pile-t5-xl:")),
)
"""T5 with a table of distances in every layer (as UMT5, Chung et al. 2023, arXiv:2304.09151), trained on The Pile."""


def byte_tokenizer() -> Any:
    """Each byte a token (Xue et al. 2022, arXiv:2105.13626); needs no file."""
    from transformers import ByT5Tokenizer

    return ByT5Tokenizer()


BYT5 = EncoderKind("ByT5", ("ByT5", "T5"), T5_XXL.architecture, Tokenizing("ByT5Tokenizer", own=byte_tokenizer))
"""Of ByT5's small size, trained to see how words are written (Glyph-ByT5, Liu et al. 2024, arXiv:2403.09622)."""
