"""Mistral's language models as text encoders: Ministral 3 (Mistral AI 2026, arXiv:2601.08584)."""

from __future__ import annotations

from typing import Any

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import decoder_sizes
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.llama_cpp import from_pairs
from nodes.loaders.text_encoders.kinds.names import without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

HEAD = 128
"""Numbers a head."""
SIGHT = "vision_tower", "multi_modal_projector"
"""Parts of a network that sees, which texts do without."""
WORDS = "language_model."


def mistral_3_names(weights: Weights) -> Weights:
    """Of the words of `Mistral3Model`, however a file names them; its sight is left out."""
    bare = from_pairs(without(("transformer.",), weights), HEAD)
    inside = {
        name.removeprefix("model.").removeprefix(WORDS).removeprefix("model."): value for name, value in bare.items()
    }
    return {name if name.startswith((*SIGHT, "lm_head.")) else WORDS + name: value for name, value in inside.items()
            if not name.startswith(SIGHT)}  # fmt: skip


def mistral_3_shape(weights: Weights) -> Any:
    """Of `Mistral3Config`; what no weight tells is as in Ministral 3."""
    from transformers import Ministral3Config, Mistral3Config

    text = Ministral3Config(
        **decoder_sizes(weights, HEAD, WORDS),
    )
    return Mistral3Config(text_config=text)


MINISTRAL_3 = EncoderKind(
    "Ministral 3 3B",
    ("Ministral 3 3B", "Ministral 3", "Llama or Mistral"),
    Architecture(
        "transformers",
        "Mistral3Model",
        mistral_3_shape,
        mistral_3_names,
        (r"(.*\.)?(lm_head|vision_tower|multi_modal_projector)\.", r"(.*\.)?logit_scale$", r"tekken_model$"),
        optional=SIGHT,
    ),
    Tokenizing("AutoTokenizer", ("baidu/ERNIE-Image:tokenizer", "mistralai/Ministral-3-3B-Instruct-2512:")),
)
