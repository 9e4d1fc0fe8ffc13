"""LoHa (Hyeon-Woo et al. 2021, FedPara, arXiv:2108.06098): W + scale (A1 B1) * (A2 B2), elementwise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodes.loaders.adapters.algebra.reading import LayerReading, flat
from nodes.networks.layer_call import LayerCall


@dataclass(eq=False)
class Hadamard:
    """Two products of a ``left`` (out, r) and a ``right`` (r, in k), multiplied number by number, for a weight of a
    ``shape``; with cores (r, r, ...) they are (r, out) and (r, in)."""

    lefts: tuple[Tensor, ...]
    rights: tuple[Tensor, ...]
    scale: float
    shape: tuple[int, ...]
    cores: tuple[Tensor, ...] | None = None

    def dense(self) -> Tensor:
        if self.cores is None:
            one, two = (flat(left) @ flat(right) for left, right in zip(self.lefts, self.rights, strict=True))
        else:
            one, two = (
                torch.einsum("ij...,ip,jq->pq...", core.float(), left.float(), right.float())
                for core, left, right in zip(self.cores, self.lefts, self.rights, strict=True)
            )
        return self.scale * (one * two).reshape(self.shape)

    def change(self, weight: Tensor) -> Tensor:
        return self.dense().to(weight)

    def added(self, call: LayerCall) -> Tensor:
        return call.times(self.dense(), call.x)

    def rows(self, start: int, stop: int) -> Hadamard:
        def cut(left: Tensor) -> Tensor:
            return left[start:stop] if self.cores is None else left[:, start:stop]

        shape = (stop - start, *self.shape[1:])
        return replace(self, lefts=(cut(self.lefts[0]), cut(self.lefts[1])), shape=shape)


def read_hadamard(given: LayerReading) -> Hadamard:
    outputs, inputs, *kernel = given.shape
    ranks = given.count("hada_w1_b"), given.count("hada_w2_b")
    if not given.parts.keys() & {"hada_t1", "hada_t2"}:
        lefts = tuple(given.shaped(f"hada_w{n}_a", outputs, rank) for n, rank in enumerate(ranks, 1))
        rights = tuple(given.shaped(f"hada_w{n}_b", rank, inputs, *kernel) for n, rank in enumerate(ranks, 1))
        return Hadamard(lefts, rights, given.scale(ranks[0]), given.shape)
    lefts = tuple(given.shaped(f"hada_w{n}_a", rank, outputs) for n, rank in enumerate(ranks, 1))
    rights = tuple(given.shaped(f"hada_w{n}_b", rank, inputs) for n, rank in enumerate(ranks, 1))
    cores = tuple(given.shaped(f"hada_t{n}", rank, rank, *kernel) for n, rank in enumerate(ranks, 1))
    return Hadamard(lefts, rights, given.scale(ranks[0]), given.shape, cores)
