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
    w1, whole = _outer(given), _is_whole(given, "lokr_w2")
    rows, columns = w1[0].shape[0], w1[-1].shape[1]
    if given.shape[0] % rows or given.shape[1] % columns:
        raise Misfit("an outer factor of which the weight is no multiple")
    height, width, kernel = given.shape[0] // rows, given.shape[1] // columns, given.shape[2:]
    if whole:
        w2: tuple[Tensor, ...] = (given.shaped("lokr_w2", height, width, *kernel),)
    elif "lokr_t2" in given.parts:
        rank = given.count("lokr_t2")
        core = given.shaped("lokr_t2", rank, rank, *kernel)
        w2 = given.shaped("lokr_w2_a", rank, height), given.shaped("lokr_w2_b", rank, width), core
    else:
        rank = given.count("lokr_w2_b")
        w2 = given.shaped("lokr_w2_a", height, rank), given.shaped("lokr_w2_b", rank, width, *kernel)
    if len(w1) == len(w2) == 1:
        # both whole: LyCORIS leaves alpha out then, and peft, which writes none, does not
        scale = 1.0 if "alpha" in given.parts else given.settings.scale(given.layer.path, None)
    else:
        scale = given.scale(len(w2[1] if len(w2) > 1 else w1[1]))
    return Kronecker(w1, w2, scale, given.shape)


def _outer(given: LayerReading) -> tuple[Tensor, ...]:
    """The outer factor, whole or as two matrices."""
    if not _is_whole(given, "lokr_w1"):
        rank, right = given.count("lokr_w1_b"), given.parts["lokr_w1_b"].flatten(1)
        return given.shaped("lokr_w1_a", given.count("lokr_w1_a"), rank), right
    whole = given.parts["lokr_w1"]
    if whole.ndim < 2:
        raise Misfit("an outer factor without two axes")
    return (given.shaped("lokr_w1", *whole.shape[:2]),)


def _is_whole(given: LayerReading, name: str) -> bool:
    """Return whether a factor is whole. Raises NodeError where it stands there in parts too."""
    if name not in given.parts:
        return False
    for other in (f"{name}_a", f"{name}_b", name.replace("w", "t")):
        if other in given.parts:
            raise given.superfluous(other)
    return True
