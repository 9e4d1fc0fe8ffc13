"""LoRA (Hu et al. 2021, arXiv:2106.09685) and LoCon, also with Tucker's core: W + scale B A."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodes.loaders.adapters.algebra.reading import LayerReading, Misfit, flat
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
    down, up, mid = given.parts["down"], given.parts["up"], given.parts.get("mid")
    if up.ndim < 2 or down.ndim < 2:
        raise Misfit("factors without two axes")
    inside = given.shape[1:] if mid is None else (given.shape[1], *(1,) * (len(given.shape) - 2))
    if down[0].numel() != torch.Size(inside).numel():
        raise Misfit("another number of inputs")
    return LowRank(down.reshape(len(down), *inside), up.flatten(1), given.scale(len(down)), mid)
