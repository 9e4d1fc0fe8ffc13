"""Ways in which weights act on what a text encoder says, as each program has it.

z (n, L, D) are the states of n chunks, w (n, L) the weights, e (1, L, D) the states of the empty text.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Weigh = Callable[[Tensor, Tensor, Tensor], Tensor]


def from_empty(z: Tensor, w: Tensor, e: Tensor) -> Tensor:
    """ComfyUI: e + w (z - e), token by token."""
    w = w[..., None]
    return torch.where(w == 1, z, (z - e) * w + e)


def times(z: Tensor, w: Tensor, e: Tensor) -> Tensor:
    """A1111 without norm: w z."""
    return z * w[..., None]


def mean_of_chunk(z: Tensor, w: Tensor, e: Tensor) -> Tensor:
    """A1111: w z, and each chunk scaled to its mean as it was before."""
    return _to_mean(z, times(z, w, e), (1, 2))


def mean_of_text(z: Tensor, w: Tensor, e: Tensor) -> Tensor:
    """The long-prompt pipeline of diffusers' community: w z, and all chunks scaled to their mean as it was before."""
    return _to_mean(z, times(z, w, e), (0, 1, 2))


def _to_mean(before: Tensor, after: Tensor, axes: tuple[int, ...]) -> Tensor:
    return after * (before.mean(axes, keepdim=True) / after.mean(axes, keepdim=True))
