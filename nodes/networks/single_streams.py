"""Where text and image stand in layers that are given both as one sequence, and do not say where one ends. No nodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch

from nodes.networks.attention_processors import AttentionParts


class Stream(NamedTuple):
    """What goes into a network as one sequence: tokens of the text, and cells of the latent; ``pieces`` of the text, 0
    where it is given as a whole."""

    text: int
    cells: int
    pieces: int = 0

    def is_picture(self, count: int) -> bool:
        """Return whether so many tokens are those of the latent: each stands for one cell, for 2 x 2 or for 4 x 4."""
        return any(count * patch == self.cells for patch in (1, 4, 16))


Find = Callable[[Stream, int, int], AttentionParts | None]
"""By a stream and the numbers of queries and keys; None where they are not those of both."""


def text_before(stream: Stream, queries: int, keys: int) -> AttentionParts | None:
    """The text's tokens before those of the image; queries of all, or of the image alone."""
    text = stream.text
    if not stream.is_picture(keys - text) or queries not in (keys, keys - text):
        return None
    own = slice(text, keys) if queries == keys else slice(0, queries)
    return AttentionParts(own, slice(text, keys), slice(0, text) if text else None)


def text_behind(stream: Stream, queries: int, keys: int) -> AttentionParts | None:
    """The image's tokens before those of the text."""
    count = keys - stream.text
    if not stream.is_picture(count) or queries != keys:
        return None
    return AttentionParts(slice(0, count), slice(0, count), slice(count, keys) if stream.text else None)


FILLED = 32
"""To a multiple of so many tokens Z-Image fills up image and text."""


def text_behind_filled(stream: Stream, queries: int, keys: int) -> AttentionParts | None:
    """The image's tokens and the text's, each filled up; of Z-Image-Omni, which is given a text in pieces, the text's
    come first, and where there are several, images stand between them."""
    count = stream.cells // 4
    begin = -(-count // FILLED) * FILLED
    if stream.pieces:
        first = -(-stream.text // FILLED) * FILLED
        if stream.pieces > 1 or queries != keys or keys != first + begin:
            return None
        own = slice(first, first + count)
        return AttentionParts(own, own, slice(0, stream.text) if stream.text else None)
    if queries != keys or keys != begin + -(-stream.text // FILLED) * FILLED:
        return None
    return AttentionParts(slice(0, count), slice(0, count), slice(begin, begin + stream.text) if stream.text else None)


def patches_behind(patch: int) -> Find:
    """Of a network with tokens of its own before the text, or whose text says no length: the image's tokens, each for
    ``patch`` x ``patch`` cells, are the last."""

    def find(stream: Stream, queries: int, keys: int) -> AttentionParts | None:
        text = keys - stream.cells // patch**2
        own = slice(text, keys)
        return AttentionParts(own, own, slice(0, text) if text else None) if queries == keys and text >= 0 else None

    return find


def patches_before(stream: Stream, queries: int, keys: int) -> AttentionParts | None:
    """The image's tokens, filled up where it is no square, before three readings of a text in HiDream; the first, T5's,
    has words."""
    own, begin = slice(0, stream.cells // 4), keys - 3 * stream.text
    if queries != keys or begin < own.stop:
        return None
    return AttentionParts(own, own, slice(begin, begin + stream.text) if stream.text else None)


FEWEST, MOST, STEP = 256, 512, 64
"""Tokens that Fibo 2.0 makes of a text before its blocks, and by how many they grow with it."""
SHORT, LONG = 256, 2048
"""Tokens of texts that become the fewest and the most."""


def gist_before(stream: Stream, queries: int, keys: int) -> AttentionParts | None:
    """Of Fibo 2.0, in layers of their own that look at words: a text's gist, then the image's tokens, then those of
    references."""
    share = min(max((stream.text - SHORT) / (LONG - SHORT), 0.0), 1.0)
    gist = math.ceil((FEWEST + share * (MOST - FEWEST)) / STEP) * STEP
    own = slice(gist, gist + stream.cells // 4)
    return AttentionParts(own, None, slice(0, keys)) if keys == stream.text and queries >= own.stop else None


SINGLE: Mapping[str, Find] = {
    "FluxAttnProcessor": text_before,
    "Flux2ParallelSelfAttnProcessor": text_before,
    "OvisImageAttnProcessor": text_before,
    "LongCatImageAttnProcessor": text_before,
    "BriaAttnProcessor": text_before,
    "BriaFiboAttnProcessor": text_before,
    "Lumina2AttnProcessor2_0": text_before,
    "Krea2AttnProcessor": text_before,
    "QwenImage21AttnProcessor": text_before,
    "ErnieImageSingleStreamAttnProcessor": text_behind,
    "ZSingleStreamAttnProcessor": text_behind_filled,
    "AuraFlowAttnProcessor2_0": patches_behind(2),
    "Ideogram4AttnProcessor": patches_behind(1),
    "HiDreamAttnProcessor": patches_before,
    "BriaFibo2AttnProcessor": gist_before,
}
"""diffusers' attention processors by class: FLUX.1, Chroma, FLUX.2, Ovis-Image, LongCat-Image, Fibo, Lumina 2, Krea 2,
Qwen-Image 2.1; ERNIE-Image; Z-Image; AuraFlow; Ideogram 4; HiDream; Fibo 2.0."""


def single_stream(layer: torch.nn.Module) -> Find | None:
    """Return how a layer attends that is given text and image as one; None for one of another kind."""
    return SINGLE.get(type(getattr(layer, "processor", None)).__name__)


def text_pieces(named: Mapping[str, Any]) -> int:
    """Pieces that each text is given in; 0 where it is one whole."""
    texts = named.get("cap_feats")
    return len(texts[0]) if isinstance(texts, list) and texts and isinstance(texts[0], list) else 0


TEXTS = "encoder_hidden_states", "text_bth", "encoder_hidden_states_t5"
"""What networks call the tokens of a text (B, L, D), or those of several layers (B, N, L, D)."""


def text_length(given: tuple[Any, ...], named: Mapping[str, Any]) -> int:
    """Tokens of the longest text that a network is given; 0 where it is given none."""
    mask = named.get("encoder_attention_mask")
    tokens = next((named[name] for name in TEXTS if name in named), None)
    if isinstance(mask, torch.Tensor):
        return int(mask.sum(1).max())
    if isinstance(tokens, torch.Tensor):
        return int(tokens.shape[-2])
    if text_pieces(named):
        return max(sum(len(piece) for piece in one) for one in named["cap_feats"])
    texts = given[2] if len(given) > 2 and isinstance(given[2], list) else []
    return max((len(one) for one in texts), default=0)
