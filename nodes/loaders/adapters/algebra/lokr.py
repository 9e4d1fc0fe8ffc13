"""LoKr (Edalati et al. 2022, KronA, arXiv:2212.10650): W + scale (w1 kron w2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodes.loaders.adapters.algebra.reading import LayerReading, Misfit, flat
from nodes.loaders.adapters.algebra.rows import RowsOf
from nodes.networks.layer_call import LayerCall


@dataclass(eq=False)
class Kronecker:
    """The outer factor ``w1`` (l, m) and the inner one ``w2`` (k, n, ...): the weight is (l k, m n, ...).

    Each is whole, or two matrices whose product it is; ``w2`` may have a core (r, r, ...) between them.
    """

    w1: tuple[Tensor, ...]
    w2: tuple[Tensor, ...]
    scale: float
    shape: tuple[int, ...]

    def dense(self) -> Tensor:
        w1, w2 = self._factors()
        return self.scale * torch.kron(w1.reshape(*w1.shape, *(1,) * (w2.ndim - 2)), w2.contiguous())

    def _factors(self) -> tuple[Tensor, Tensor]:
        w1 = flat(self.w1[0]) if len(self.w1) == 1 else flat(self.w1[0]) @ flat(self.w1[1])
        inner = (self.shape[0] // w1.shape[0], self.shape[1] // w1.shape[1], *self.shape[2:])
        if len(self.w2) == 3:
            left, right, core = (one.float() for one in self.w2)
            return w1, torch.einsum("ab...,ak,bn->kn...", core, left, right)
        w2 = flat(self.w2[0]) if len(self.w2) == 1 else flat(self.w2[0]) @ flat(self.w2[1])
        return w1, w2.reshape(inner)

    def change(self, weight: Tensor) -> Tensor:
        return self.dense().to(weight)

    def added(self, call: LayerCall) -> Tensor:
        if len(self.shape) > 2:
            return call.times(self.dense(), call.x)
        w1, w2 = (call.like(one) for one in self._factors())
        x = call.x.unflatten(-1, (w1.shape[1], w2.shape[1]))
        return self.scale * torch.einsum("lm,...mn,kn->...lk", w1, x, w2).flatten(-2)

    def rows(self, start: int, stop: int) -> RowsOf:
        return RowsOf(self, start, stop)


def read_kronecker(given: LayerReading) -> Kronecker:
    parts = given.parts
    w1 = _factor(given, "lokr_w1")
    w2 = _factor(given, "lokr_w2")
    if "lokr_t2" in parts:
        w2 = (*w2, parts["lokr_t2"])
    if any(one.ndim < 2 for one in (*w1, *w2)):
        raise Misfit("factors without two axes")
    if len(w1) == len(w2) == 1:
        # both whole: LyCORIS leaves alpha out then, and peft, which writes none, does not
        scale = 1.0 if "alpha" in parts else given.settings.scale(given.layer.path, None)
    else:
        scale = given.scale(len(w2[1] if len(w2) > 1 else w1[1]))
    return Kronecker(w1, w2, scale, given.shape)


def _factor(given: LayerReading, name: str) -> tuple[Tensor, ...]:
    """Whole, or as two. Raises KeyError where it is neither."""
    if name in given.parts:
        return (given.parts[name],)
    return given.parts[f"{name}_a"], given.parts[f"{name}_b"]
