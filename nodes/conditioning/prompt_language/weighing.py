"""Ways in which weights act on what a text encoder says, as each program has it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

NEARLY_NOTHING = 1e-5
"""compel: the least that a text counts, so that a tangent stays finite."""


@dataclass(frozen=True, eq=False)
class Heard:
    """What a text encoder says of n chunks, and what else it can be asked.

    ``z`` (n, L, D) are its states and ``w`` (n, L) the weights; ``pieces`` (n, L) say which piece of the text a token
    is of, -1 for start, end and filling. ``empty`` gives the states of the empty text, e (1, L, D), and ``without``
    those of the chunks with tokens (n, L) that the others do not see.
    """

    z: Tensor
    w: Tensor
    pieces: Tensor
    empty: Callable[[], Tensor]
    without: Callable[[Tensor], Tensor]


Weigh = Callable[[Heard], Tensor]


def from_empty(heard: Heard) -> Tensor:
    """ComfyUI: e + w (z - e), token by token."""
    return _from(heard.empty(), heard.z, heard.w)


def times(heard: Heard) -> Tensor:
    """A1111 without norm: w z."""
    return heard.z * heard.w[..., None]


def mean_of_chunk(heard: Heard) -> Tensor:
    """A1111: w z, and each chunk scaled to its mean as it was before.

    A mean near 0 has few digits, so each is taken as A1111 does, of one chunk alone.
    """
    pairs = zip(heard.z, times(heard), strict=True)
    return torch.stack([after * (before.mean() / after.mean()) for before, after in pairs])


def mean_of_text(heard: Heard) -> Tensor:
    """The long-prompt pipeline of diffusers' community: w z, and all chunks scaled to their mean as it was before."""
    weighed = times(heard)
    before, after = (states.flatten(0, 1)[None].mean((-2, -1)) for states in (heard.z, weighed))
    return weighed * (before / after)


def towards_without(heard: Heard) -> Tensor:
    """compel: e + w (z - e), and on towards the text without each piece whose w is below 1.

    The mean of what is said with all pieces, which counts 1, and without each such piece, tan((1 - w) pi / 2).
    """
    e, w = heard.empty(), heard.w
    found, count = _from(e, heard.z, w), 1.0
    for piece in heard.pieces[w < 1].unique().tolist():
        its = heard.pieces == piece
        share = math.tan((1 - max(float(w[its][0]), NEARLY_NOTHING)) * math.pi / 2)
        found = found + share * _from(e, heard.without(its), w)
        count += share
    return found / count


def _from(e: Tensor, z: Tensor, w: Tensor) -> Tensor:
    w = w[..., None]
    return torch.where(w == 1, z, (z - e) * w + e)
