"""CLIP's tokenizer (Radford et al. 2021), from the vocabulary that comes with open_clip."""

from __future__ import annotations

from functools import cache
from typing import Any

from nodeflow.node import NodeError
from nodeflow.prompts.clip_vocabulary import END, clip_vocabulary

LENGTH = 77


def clip_tokenizer(second: bool) -> Any:
    """CLIP's tokenizer, filling up as Stable Diffusion 1 does (end of text) or as version 2 does (``!``)."""
    from transformers import CLIPTokenizer

    vocabulary, merges = _known()
    return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token="!" if second else END, model_max_length=LENGTH)


@cache
def _known() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Read the vocabulary once in a process: that takes longer than the tokenizer."""
    known = clip_vocabulary()
    if known is None:
        raise NodeError("a model in one file brings no vocabulary; install open_clip_torch, which has CLIP's")
    return known
