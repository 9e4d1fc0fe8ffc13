"""Mistral Small 3 as a text encoder (Mistral AI 2025), whole or as far as its thirtieth layer."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.llama_cpp import from_pairs
from nodes.loaders.text_encoders.kinds.names import without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

INSIDE, NORM = "language_model.", "language_model.norm"
SIGHT = "vision_tower", "multi_modal_projector"
HEAD = 128
"""Numbers a head, which stand in no file."""
THETA = 1e9
"""Of rotary positions."""
IGNORABLE = (r"(.*\.)?(lm_head|vision_tower|multi_modal_projector|vision_language_adapter)\.", r"(.*\.)?\w+_model$")
"""What is not read here: answers, and what it sees."""


def names(weights: Weights) -> Weights:
    """Of `Mistral3Model`'s words, from those that transformers saves, that other programs save, and llama.cpp's."""
    found: Weights = {}
    for name, value in from_pairs(without(("transformer.",), weights), HEAD).items():
        bare = name.removeprefix("model.").removeprefix(INSIDE).removeprefix("model.")
        if not bare.startswith((*SIGHT, "lm_head")):
            found[INSIDE + bare] = value
    return found


def shape(weights: Weights) -> Any:
    """Of `Mistral3Config`."""
    from transformers import Mistral3Config

    words, width = weights[f"{INSIDE}embed_tokens.weight"].shape
    layer = f"{INSIDE}layers.0."
    return Mistral3Config(
        text_config={
            "vocab_size": words,
            "hidden_size": width,
            "intermediate_size": len(weights[f"{layer}mlp.gate_proj.weight"]),
            "num_hidden_layers": count_layers(weights, f"{INSIDE}layers"),
            "num_attention_heads": len(weights[f"{layer}self_attn.q_proj.weight"]) // HEAD,
            "num_key_value_heads": len(weights[f"{layer}self_attn.k_proj.weight"]) // HEAD,
            "head_dim": HEAD,
            "rms_norm_eps": 1e-5,
            "sliding_window": None,
            "rope_parameters": {"rope_type": "default", "rope_theta": THETA},
        }
    )


READ = 30
"""The last layer that FLUX.2 reads."""


def finish(module: Any) -> None:
    """Files that end at the last layer that is read mostly have no norm behind it; its states are taken as they are,
    as those of a whole file."""
    import torch

    words = module.language_model
    if words.norm is None or len(words.layers) == READ:
        words.norm = torch.nn.Identity()


MISTRAL_SMALL_3 = EncoderKind(
    "Mistral Small 3",
    ("Mistral Small 3", "Llama or Mistral"),
    Architecture("transformers", "Mistral3Model", shape, names, IGNORABLE, optional=(*SIGHT, NORM), finish=finish),
    Tokenizing("PreTrainedTokenizerFast", ("black-forest-labs/FLUX.2-dev:tokenizer",)),
)
