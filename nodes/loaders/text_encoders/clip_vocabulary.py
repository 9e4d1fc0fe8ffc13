"""CLIP's tokenizer (Radford et al. 2021), from the vocabulary that comes with open_clip."""

from __future__ import annotations

from typing import Any

from nodeflow.node import NodeError
from nodeflow.prompts.clip_vocabulary import END, clip_vocabulary

LENGTH = 77


def clip_tokenizer(second: bool) -> Any:
    """CLIP's tokenizer, filling up as Stable Diffusion 1 does (end of text) or as version 2 does (``!``)."""
    from transformers import CLIPTokenizer

    known = clip_vocabulary()
    if known is None:
        raise NodeError("a model in one file brings no vocabulary; install open_clip_torch, which has CLIP's")
    vocabulary, merges = known
    return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token="!" if second else END, model_max_length=LENGTH)
