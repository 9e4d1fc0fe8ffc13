"""LoRA (Hu et al. 2021, arXiv:2106.09685) and LoCon, also with Tucker's core: W + scale B A."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodes.loaders.adapters.algebra.reading import LayerReading, flat
from nodes.networks.layer_call import LayerCall


@dataclass(eq=False)
class LowRank:
    """A ``down`` (r, in, ...) and B ``up`` (out, r); with a core ``mid`` (r, r, ...), A acts on channels alone."""

    down: Tensor
    up: Tensor
    scale: float
    mid: Tensor | None = None

    def dense(self) -> Tensor:
        up, down = flat(self.up), self.down.float()
        if self.mid is not None:
            return self.scale * torch.einsum("oa,ab...,bi->oi...", up, self.mid.float(), flat(down))
        return self.scale * (up @ down.flatten(1)).reshape(len(up), *down.shape[1:])

    def change(self, weight: Tensor) -> Tensor:
        return self.dense().to(weight)

    def added(self, call: LayerCall) -> Tensor:
        if getattr(call.layer, "groups", 1) != 1:
            return call.times(self.dense(), call.x)
        if self.mid is None:
            inner = call.times(self.down, call.x)
        else:
            inner = call.times(self.mid, call.pointwise(self.down.flatten(1), call.x))
        return self.scale * call.pointwise(self.up.flatten(1), inner)

    def rows(self, start: int, stop: int) -> LowRank:
        return replace(self, up=self.up[start:stop])


def read_low_rank(given: LayerReading) -> LowRank:
    rank, (outputs, inputs, *kernel) = given.count("down"), given.shape
    mid = given.shaped("mid", rank, rank, *kernel) if "mid" in given.parts else None
    down = given.shaped("down", rank, inputs, *(kernel if mid is None else [1] * len(kernel)))
    return LowRank(down, given.shaped("up", outputs, rank), given.scale(rank), mid)
