"""The tables that a text encoder looks its tokens up in: whether they hold all that its tokenizer may say."""

from __future__ import annotations

from typing import Any

from nodeflow.node import NodeError
from nodes.loaders.text_encoders.clip_vocabulary import LENGTH
from nodes.loaders.text_encoders.tokenizing import is_clip


def check_tables(shown: str, tokenizer: Any, module: Any, alone: bool = False) -> None:
    """Raise NodeError where a tokenizer has more tokens than an encoder's table has rows (without those that were
    added to it afterwards, which a library may do where no text holds them), and where a CLIP by itself,
    without a configuration that says so, has places for fewer tokens than CLIP reads."""
    rows, tokens = int(module.get_input_embeddings().weight.shape[0]), int(getattr(tokenizer, "vocab_size", 0))
    if tokens > rows:
        raise NodeError(
            f"{shown} knows {rows:,} tokens, and its tokenizer has {tokens:,}; its table was cut, or the tokenizer is "
            "another model's: take both from the same"
        )
    places = int(getattr(module.config, "max_position_embeddings", LENGTH)) if alone and is_clip(tokenizer) else LENGTH
    if places < LENGTH:
        raise NodeError(
            f"{shown} has places for {places} tokens of a text, and CLIP reads {LENGTH}; its table was cut: take "
            "another file of this model"
        )
