"""The rotation that some formats put on a weight's columns before they round it (ConvRot)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodes.loaders.quantised.encoded import Codec, Parts, Rows


def hadamard(side: int, device: torch.device | None = None) -> Tensor:
    """Return the regular Hadamard matrix of a power of 4: that of 4, ones with -1 across, times itself by Kronecker,
    over the root of its side. It is symmetric, and its own inverse."""
    four = (1 - 2 * torch.eye(4, device=device).flip(0)).contiguous()
    found = torch.ones(1, 1, device=device)
    while len(found) < side:
        found = torch.kron(found, four)
    return found / math.sqrt(side)


def rotated(values: Tensor, side: int) -> Tensor:
    """Return rows (n, K) with each group of ``side`` columns times the matrix; factor by factor, which costs less."""
    found = values
    for factor, after in _factors(side):
        matrix = hadamard(factor, values.device)
        found = found.reshape(-1, factor, after)
        found = matrix @ found if after > 1 else found[:, :, 0] @ matrix
    return found.reshape(values.shape)


def _factors(side: int) -> Iterator[tuple[int, int]]:
    """Factors of at most 16, each with how many columns stand between two of its entries."""
    after = 1
    while side > 1:
        factor = min(side, 16)
        yield factor, after
        side, after = side // factor, after * factor


def is_rotatable(side: int, columns: int) -> bool:
    """Return whether groups of a side can be rotated: a power of 4 that divides the columns."""
    return side >= 4 and side & (side - 1) == 0 and side.bit_length() % 2 == 1 and columns % side == 0


@dataclass(frozen=True)
class Rotated:
    """Hold what is stored, rotated back by groups of columns."""

    inner: Codec
    side: int

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        return rotated(self.inner.rows(parts, index), self.side)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        inner, rest = self.inner.narrow(parts, start, stop)
        return replace(self, inner=inner), rest
