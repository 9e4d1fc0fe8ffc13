"""Texts to tokens, for every text encoder: as the model was trained, and told where a text is longer than it reads."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from nodeflow.known_words import known_words
from nodeflow.node import noting, warn
from nodeflow.prompt_text import as_clip_reads

T = TypeVar("T")

NAMELESS = "", "PreTrained"
"""What stands before Tokenizer in the names of classes that are of no model's own."""
MAX_SHOWN = 1000
"""Characters of the words that were left out which a note shows."""


def tokenized(tokenizer: Any, texts: list[str], length: int, **options: Any) -> Any:
    """Return what a tokenizer of transformers makes of texts, filled up or cut off at a length; what is cut is told."""
    if is_clip(tokenizer):
        texts = [as_clip_reads(text) for text in texts]
    for number, text in enumerate(texts):
        tell_cut(tokenizer, text, length, number)
        tell_unknown(tokenizer, text, number)
    options = {"padding": "max_length", "truncation": True, "max_length": length, "return_tensors": "pt"} | options
    return tokenizer(texts, **options)


def length_of(tokenizer: Any, most: int) -> int:
    """Return how many tokens of a text are read: what the tokenizer's files say, if that is a length, and what fits."""
    said = tokenizer.model_max_length
    return min(int(said), int(most)) if isinstance(said, (int, float)) and 2 <= said < math.inf else int(most)


def each(encode: Callable[[list[str]], T], texts: list[str]) -> list[T]:
    """Return what an encoder makes of each text by itself; what it tells is about that text."""
    found: list[T] = []
    for number, text in enumerate(texts):
        with noting() as said:
            found.append(encode([text]))
        for _, sentence in said:
            warn(sentence, number)
    return found


def tell_cut(tokenizer: Any, text: str, length: int, call: int = 0, until: int | None = None) -> None:
    """Warn of what a tokenizer leaves out of a text, up to a character of it."""
    ids = tokenizer(text, verbose=False).input_ids
    if len(ids) <= length:
        return
    ends = 1 if ids[-1] in tokenizer.all_special_ids else 0
    if getattr(tokenizer, "is_fast", False):
        begin, _ = tokenizer(text, return_offsets_mapping=True, verbose=False).offset_mapping[length - ends]
        lost = text[begin:until]
    else:
        lost = tokenizer.decode(ids[length - ends : len(ids) - ends])
    tell_lost(type(tokenizer).__name__.partition("Tokenizer")[0], length, len(ids), lost, call)


def tell_lost(name: str, length: int, count: int, lost: str, call: int = 0) -> None:
    """Warn of words that a model leaves out."""
    lost = lost.strip()
    if lost:
        shown = lost if len(lost) <= MAX_SHOWN else lost[:MAX_SHOWN] + "..."
        if name in NAMELESS:
            warn(f"the text is cut: of its {count} tokens {length} are read; left out is: {shown}", call)
        else:
            warn(f"the text is cut: {name} reads {length} of its {count} tokens, and leaves out: {shown}", call)


def tell_unknown(tokenizer: Any, text: str, call: int = 0) -> None:
    """Warn of words that a model does not know, where its tokenizer's folder lists those that it does."""
    known = known_words(Path(str(tokenizer.name_or_path)))
    if known is not None and (sentence := known.sentence(text)):
        warn(sentence, call)


def is_clip(tokenizer: Any) -> bool:
    """Return whether a tokenizer is CLIP's."""
    return type(tokenizer).__name__.startswith("CLIP")
