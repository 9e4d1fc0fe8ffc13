"""GLoRA (Chavan et al. 2023, arXiv:2306.07967): W + scale (W A + B), A and B of low rank."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodes.loaders.adapters.algebra.low_rank import LowRank
from nodes.loaders.adapters.algebra.reading import LayerReading, Misfit, in_shape
from nodes.networks.layer_call import LayerCall


@dataclass(eq=False)
class Generalised:
    """``first`` (in, r) times ``second`` (r, in) turns the inputs; ``beside`` is added."""

    first: Tensor
    second: Tensor
    scale: float
    beside: LowRank

    def change(self, weight: Tensor) -> Tensor:
        inside = self.first.to(weight) @ self.second.to(weight)
        return self.scale * torch.einsum("oi...,ij->oj...", weight, inside) + self.beside.change(weight)

    def added(self, call: LayerCall) -> Tensor:
        inner = call.pointwise(self.first, call.pointwise(self.second, call.x))
        return self.scale * call.through(inner) + self.beside.added(call)

    def rows(self, start: int, stop: int) -> Generalised:
        return replace(self, beside=self.beside.rows(start, stop))


def read_generalised(given: LayerReading) -> Generalised:
    """Old files hold the two factors of each pair the other way round, which their shapes tell."""
    a1, a2, b1, b2 = (given.parts[name] for name in ("glora_a1", "glora_a2", "glora_b1", "glora_b2"))
    inputs, outputs = given.shape[1], given.shape[0]
    if a1.ndim < 2 or a2.ndim < 2 or b1.ndim < 2 or b2.ndim < 2:
        raise Misfit("factors without two axes")
    if a1.shape[0] != inputs or b1.shape[0] != outputs or a1.shape[1] != a2.shape[0]:
        a1, a2, b1, b2 = a2, a1, b2, b1
    if (a1.shape[0], b1.shape[0], a1.shape[1], b1.shape[1]) != (inputs, outputs, a2.shape[0], b2.shape[0]):
        raise Misfit("other sizes")
    kernel, rank = given.shape[2:], len(b2)
    mid = given.shaped("glora_bm", rank, rank, *kernel) if "glora_bm" in given.parts else None
    inside = (inputs, *(kernel if mid is None else [1] * len(kernel)))
    beside = LowRank(in_shape(b2, rank, *inside), in_shape(b1, outputs, rank), given.scale(rank), mid)
    return Generalised(in_shape(a1, inputs, len(a2)), in_shape(a2, len(a2), inputs), given.scale(len(a2)), beside)
