"""Language models in files, by the kinds that answer: how each is told from its weights, and how it is asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from nodes.loaders.families.flux_2 import mistral
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers, decoder_sizes
from nodes.loaders.text_encoders.kinds.gemma import GEMMA_2
from nodes.loaders.text_encoders.kinds.llama_cpp import LLAMA_CPP, from_pairs, from_raised
from nodes.loaders.text_encoders.kinds.mistral import HEAD as MISTRAL_HEAD
from nodes.loaders.text_encoders.kinds.mistral import MINISTRAL_3, mistral_3_shape
from nodes.loaders.text_encoders.kinds.names import renamed, without
from nodes.loaders.text_encoders.kinds.qwen import QWEN_3_4B, QWEN_3_VL_4B, QWEN_25_VL_7B
from nodes.loaders.text_encoders.tokenizers import Tokenizing

HEAD = "lm_head.weight"
TABLE = "embed_tokens.weight"
WORDS = "language_model."
ELSEWHERE = (r"(.*\.)?(visual|mtp|vision_tower|vision_model|multi_modal_projector|vision_language_adapter)\.",
             r"(.*\.)?logit_scale$", r"(.*\.)?\w+_(model|json)$")  # fmt: skip
"""What a model that is given texts alone does without, and tokenizers."""
GEMMA_FRAME = (
    "{{ bos_token }}{% for one in messages %}{% if one.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "<start_of_turn>user\n{{ one.content }}<end_of_turn>\n{% endfor %}<start_of_turn>model\n"
)
MISTRAL_FRAME = (
    "{{ bos_token }}{% for one in messages %}{% if one.role == 'system' %}[SYSTEM_PROMPT]{{ one.content }}"
    "[/SYSTEM_PROMPT]{% else %}[INST]{{ one.content }}[/INST]{% endif %}{% endfor %}"
)


class Answering(NamedTuple):
    """A kind of language model that files hold.

    ``told``: how the rules tell it. ``kind`` is its class, and ``inner`` the network in it, whose names stand behind
    ``model.``; ``table`` is the table of its words. Models of fewer numbers a token than ``tied`` answer by that table
    where a file has no head. ``frame`` is how a request is put, where a tokenizer brings no template; empty is Qwen's.
    """

    told: str
    kind: str
    inner: Architecture
    tokenizing: Tokenizing
    tied: float
    table: str = TABLE
    frame: str = ""

    def means(self, family: str) -> bool:
        """Return whether the rules mean it by a name."""
        return family == self.told or family.startswith(f"{self.told} ")

    def architecture(self) -> Architecture:
        """Of the class that answers. Raises KeyError where there is nothing to answer by."""
        inner = self.inner

        def under_model(weights: Weights) -> Weights:
            named = inner.named(weights)
            found = {name if name == HEAD else f"model.{name}": value for name, value in named.items()}
            if HEAD not in found and named[self.table].shape[1] < self.tied:
                found[HEAD] = named[self.table]
            if HEAD not in found:
                raise KeyError(f"{HEAD}, by which it answers")
            return found

        def shape(weights: Weights) -> Any:
            return inner.shape({name.removeprefix("model."): value for name, value in weights.items()})

        ignorable = (*(one for one in inner.ignorable if "lm_head" not in one), *ELSEWHERE)
        optional = tuple(f"model.{part}" for part in inner.optional)
        return Architecture("transformers", self.kind, shape, under_model, ignorable, optional=optional)


def _by_names(weights: Weights) -> Weights:
    return renamed(LLAMA_CPP, weights)


def _by_pairs(weights: Weights) -> Weights:
    return from_pairs(weights, MISTRAL_HEAD)


def words_alone(weights: Weights, named: Callable[[Weights], Weights] = _by_names) -> Weights:
    """Of a model of words, however a file that may hold sight too keeps them apart; ``named`` brings llama.cpp's names
    to transformers'."""
    sight = "visual.", "mtp.", "vision_tower.", "vision_model.", "multi_modal_projector.", "vision_language_adapter."
    found: Weights = {}
    for name, value in named(without(("transformer.",), weights)).items():
        bare = name.removeprefix("model.").removeprefix(WORDS).removeprefix("model.")
        if not bare.startswith(sight):
            found[bare] = value
    return found


def _text_of(shape: Callable[[Weights], Any]) -> Callable[[Weights], Any]:
    """The configuration of the words alone, from that of a model that sees."""

    def told(weights: Weights) -> Any:
        return shape({WORDS + name: value for name, value in weights.items()}).text_config

    return told


def gemma_3_shape(weights: Weights) -> Any:
    """Of `Gemma3TextConfig` (Gemma team 2025, arXiv:2503.19786); what no weight tells goes by the number of layers."""
    from transformers import Gemma3TextConfig

    head, layers = len(weights["layers.0.self_attn.q_norm.weight"]), count_layers(weights, "layers")
    stretched = {"rope_type": "linear", "factor": 8.0} if layers > SMALLEST_GEMMA else {"rope_type": "default"}
    return Gemma3TextConfig(
        **decoder_sizes(weights, head),
        query_pre_attn_scalar=168 if layers == LARGEST_GEMMA else 256,
        sliding_window=1024 if layers > SMALLEST_GEMMA else 512,
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
            "full_attention": {**stretched, "rope_theta": 1e6},
        },
    )


SMALLEST_GEMMA, LARGEST_GEMMA = 26, 62
"""Layers of Gemma 3 with one and with 27 billion weights."""


def qwen_35_shape(weights: Weights) -> Any:
    """Of `Qwen3_5TextConfig`; each fourth layer attends as usual."""
    from transformers import Qwen3_5TextConfig

    words, width = weights[TABLE].shape
    layers = count_layers(weights, "layers")
    usual = next(n for n in range(layers) if f"layers.{n}.self_attn.q_norm.weight" in weights)
    linear = next(n for n in range(layers) if f"layers.{n}.linear_attn.A_log" in weights)
    attention, state = f"layers.{usual}.self_attn.", f"layers.{linear}.linear_attn."
    head = len(weights[f"{attention}q_norm.weight"])
    values, value_head = len(weights[f"{state}A_log"]), len(weights[f"{state}norm.weight"])
    keys = (len(weights[f"{state}conv1d.weight"]) - values * value_head) // 2
    return Qwen3_5TextConfig(
        vocab_size=words,
        hidden_size=width,
        intermediate_size=len(weights["layers.0.mlp.gate_proj.weight"]),
        num_hidden_layers=layers,
        num_attention_heads=len(weights[f"{attention}q_proj.weight"]) // (2 * head),
        num_key_value_heads=len(weights[f"{attention}k_proj.weight"]) // head,
        head_dim=head,
        linear_num_value_heads=values,
        linear_value_head_dim=value_head,
        linear_key_head_dim=value_head,
        linear_num_key_heads=keys // value_head,
        linear_conv_kernel_dim=weights[f"{state}conv1d.weight"].shape[-1],
        layer_types=[
            "full_attention" if f"layers.{n}.self_attn.q_norm.weight" in weights else "linear_attention"
            for n in range(layers)
        ],
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 1e7,
            "partial_rotary_factor": 0.25,
            "mrope_section": [11, 11, 10],
            "mrope_interleaved": True,
        },
    )


def _words(kind: str, shape: Callable[[Weights], Any], named: Callable[[Weights], Weights] = _by_names) -> Architecture:
    return Architecture("transformers", kind, shape, partial(words_alone, named=named))


QWEN_TIED = 4096
"""Numbers a token of Qwen 3's smallest model that has a head of its own."""
KINDS = (
    Answering("Qwen3", "Qwen3ForCausalLM", QWEN_3_4B.architecture, QWEN_3_4B.tokenizing, QWEN_TIED),
    Answering(
        "Qwen3-VL",
        "Qwen3VLForConditionalGeneration",
        QWEN_3_VL_4B.architecture,
        QWEN_3_VL_4B.tokenizing,
        QWEN_TIED,
        f"{WORDS}{TABLE}",
    ),
    Answering(
        "Qwen2.5-VL",
        "Qwen2_5_VLForConditionalGeneration",
        QWEN_25_VL_7B.architecture,
        QWEN_25_VL_7B.tokenizing,
        3584,
        f"{WORDS}{TABLE}",
    ),
    Answering(
        "Qwen3.5", "Qwen3_5ForCausalLM", _words("Qwen3_5TextModel", qwen_35_shape), QWEN_3_4B.tokenizing, QWEN_TIED
    ),
    Answering("Gemma 2", "Gemma2ForCausalLM", GEMMA_2.architecture, GEMMA_2.tokenizing, math.inf, frame=GEMMA_FRAME),
    Answering(
        "Gemma 3",
        "Gemma3ForCausalLM",
        _words("Gemma3TextModel", gemma_3_shape, from_raised),
        Tokenizing("GemmaTokenizer", ("google/gemma-3-12b-it:", "google/gemma-3-4b-it:"), "gemma_tokenizer"),
        math.inf,
        frame=GEMMA_FRAME,
    ),
    Answering(
        "Mistral Small 3",
        "MistralForCausalLM",
        _words("MistralModel", _text_of(mistral.shape), _by_pairs),
        mistral.MISTRAL_SMALL_3.tokenizing,
        0,
        frame=MISTRAL_FRAME,
    ),
    Answering(
        "Ministral 3",
        "Ministral3ForCausalLM",
        _words("Ministral3Model", _text_of(mistral_3_shape), _by_pairs),
        MINISTRAL_3.tokenizing,
        QWEN_TIED,
        frame=MISTRAL_FRAME,
    ),
)
