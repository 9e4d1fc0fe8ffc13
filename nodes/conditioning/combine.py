"""Several texts as one: at once, one behind the other, in between, or none at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import pad

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Conditioning


@node("Combine conditioning")
def combine_conditioning(first: Conditioning, second: Conditioning, *more: Conditioning) -> Conditioning:
    """Lets several texts lead at once: the denoiser is asked for each, and the predictions are averaged.

    Each text counts by its strength, in its region, in its steps; without those all count alike. A step takes as many
    times longer as there are texts. It goes before guidance, on either side of it.

    Paper: Liu et al. 2022, Compositional Visual Generation with Composable Diffusion Models (arXiv:2206.01714); here
    the mean, as ComfyUI has it.
    """
    texts = [one for given in (first, second, *more) for one in (replace(given, beside=()), *given.beside)]
    return replace(texts[0], beside=tuple(texts[1:]))


@node("Concatenate conditioning")
def concatenate_conditioning(conditioning: Conditioning, behind: Conditioning) -> Conditioning:
    """Puts the tokens of one text behind those of another: the denoiser looks at both, and is asked once.

    Tokens (B, L, D) and (B, M, D) become (B, L + M, D). The text as a whole, regions and all else stay those of
    ``conditioning``; texts that lead beside it get the same tokens behind theirs.

    Fails when the two come from different text encoders, or when one of them is a class.
    """
    return _each(conditioning, lambda one: _concatenated(one, behind))


@node("Average conditioning")
def average_conditioning(
    first: Conditioning, second: Conditioning, share: Annotated[float, Slider(0, 1, 0.01)] = 0.5
) -> Conditioning:
    """Mixes two texts token by token: share first + (1 - share) second.

    ``share`` is how much of ``first`` is in it. The shorter text of the two is filled up with zeros or cut to the
    length of ``first``. The text as a whole is mixed in the same way, all else stays that of ``first``.

    Fails when the two come from different text encoders, or when one of them is a class.
    """
    return _each(first, lambda one: _averaged(one, second, share))


@node("Zero conditioning")
def zero_conditioning(conditioning: Conditioning) -> Conditioning:
    """Says nothing at all: zeros in the place of all tokens, and of the text as a whole.

    That is not the empty text, which has tokens of its own. Some models (Stable Diffusion XL among them) were trained
    with it for "no text", and for FLUX and Stable Diffusion 3 it is used as a negative that costs no second text.
    Regions stay.

    Fails for a class.
    """
    return _each(conditioning, _zeroed)


def _each(conditioning: Conditioning, change: Callable[[Conditioning], Conditioning]) -> Conditioning:
    """The same change of a text and of all that lead beside it."""
    return replace(change(conditioning), beside=tuple(change(one) for one in conditioning.beside))


def _concatenated(text: Conditioning, behind: Conditioning) -> Conditioning:
    one, other = _alike(text, behind)
    rows = max(len(one), len(other))
    mask = None
    if text.mask is not None and behind.mask is not None:
        mask = torch.cat([text.mask.expand(rows, -1), behind.mask.expand(rows, -1)], 1)
    ids = None
    if text.token_ids is not None and behind.token_ids is not None:
        ids = torch.cat([text.token_ids.expand(rows, -1), behind.token_ids.expand(rows, -1)], 1)
    tokens = torch.cat([one.expand(rows, -1, -1), other.expand(rows, -1, -1)], 1)
    return replace(text, tokens=tokens, words=text.words + behind.words, mask=mask, token_ids=ids, otherwise=None)


def _averaged(text: Conditioning, other: Conditioning, share: float) -> Conditioning:
    one, two = _alike(text, other)
    two = pad(two[:, : one.shape[1]], (0, 0, 0, max(one.shape[1] - two.shape[1], 0)))
    pooled = text.pooled
    if pooled is not None and other.pooled is not None:
        pooled = pooled * share + other.pooled * (1 - share)
    return replace(text, tokens=one * share + two * (1 - share), pooled=pooled, otherwise=None)


def _zeroed(text: Conditioning) -> Conditioning:
    pooled = None if text.pooled is None else torch.zeros_like(text.pooled)
    return replace(text, tokens=torch.zeros_like(_tokens(text)), pooled=pooled, otherwise=None)


def _alike(one: Conditioning, other: Conditioning) -> tuple[Tensor, Tensor]:
    """The tokens of two texts. Raises NodeError where they do not go together."""
    first, second = _tokens(one), _tokens(other)
    if first.shape[-1] != second.shape[-1]:
        raise NodeError(
            f"these texts come from different text encoders (of {first.shape[-1]} and {second.shape[-1]} numbers a "
            "token); use one for both"
        )
    if len(first) != len(second) and 1 not in (len(first), len(second)):
        raise NodeError(f"{len(first)} texts do not fit {len(second)}; give one, or as many on both sides")
    return first, second.to(first)


def _tokens(text: Conditioning) -> Tensor:
    if text.tokens is None:
        raise NodeError("this takes the tokens of a text, and here is none; wire the encoding of a text")
    return text.tokens
