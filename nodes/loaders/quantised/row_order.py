"""Rows of a stored weight in another order, which keeps their bytes as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from nodes.loaders.quantised.encoded import Codec, EncodedTensor, Parts, Rows

ORDER = "order"
"""What the part is called that says which stored row stands in each place."""


@dataclass(frozen=True)
class OrderedRows:
    """Rows of another codec, by their numbers."""

    inner: Codec

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        return self.inner.rows({name: part for name, part in parts.items() if name != ORDER}, parts[ORDER][index])

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        return self, {**parts, ORDER: parts[ORDER][start:stop]}


def in_order(weight: Any, order: Tensor) -> Any:
    """Return a weight, a tensor or an `EncodedTensor`, with its rows in an order: their numbers (N,)."""
    if not isinstance(weight, EncodedTensor) or weight.ndim != 2:
        return weight[order]
    if len(weight.pieces) > 1:
        return weight.widened()[order]
    piece = weight.pieces[0]
    ordered = replace(piece, codec=OrderedRows(piece.codec), parts={**piece.parts, ORDER: order})
    return replace(weight, pieces=(ordered,))
