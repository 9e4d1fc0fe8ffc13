"""BOFT (Liu et al. 2023, arXiv:2311.06243): OFT whose blocks are exchanged between stages, like a butterfly."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.adapters.algebra.oft import InputRotation, cayley, constrained, read_rescale
from nodes.loaders.adapters.algebra.reading import LayerReading, Misfit
from nodes.networks.layer_call import LayerCall


@dataclass(eq=False)
class Butterfly:
    """Rotations R (m, k, b, b) of m stages over the rows of W, then times ``rescale`` (out,) where there is one."""

    rotations: Tensor
    rescale: Tensor | None = None

    def change(self, weight: Tensor) -> Tensor:
        turned = self._turned(weight.flatten(1).T).T.reshape(weight.shape)
        if self.rescale is not None:
            turned = turned * self.rescale.to(weight).reshape(-1, *(1,) * (weight.ndim - 1))
        return turned - weight

    def added(self, call: LayerCall) -> Tensor:
        turned = self._turned(call.plain.movedim(call.axis, -1)).movedim(-1, call.axis)
        if self.rescale is not None:
            turned = turned * call.along_channels(self.rescale)
        return turned - call.plain

    def _turned(self, rows: Tensor) -> Tensor:
        """(..., out), through all stages: of each, rows that lie 2^stage b / 2 apart make up its blocks."""
        stages, count, side, _ = self.rotations.shape
        for stage in range(stages):
            step = 2**stage * side // 2
            apart = rows.unflatten(-1, (-1, 2, step)).transpose(-1, -2)
            blocks = apart.flatten(-3).unflatten(-1, (count, side))
            turned = torch.einsum("kij,...kj->...ki", self.rotations[stage].to(rows), blocks).flatten(-2)
            rows = turned.unflatten(-1, (-1, step, 2)).transpose(-1, -2).flatten(-3)
        return rows

    def rows(self, start: int, stop: int) -> Butterfly:
        raise NodeError("a BOFT turns rows of several layers of this network together, which cannot be taken apart")


@dataclass(eq=False)
class ScaledInputRotation:
    """peft's BOFT of one stage: the inputs turned by R (k, n, n), W R, and each row times ``factors`` (out,)."""

    turned: InputRotation
    factors: Tensor

    def change(self, weight: Tensor) -> Tensor:
        factors = self.factors.to(weight).reshape(-1, *(1,) * (weight.ndim - 1))
        return factors * (weight + self.turned.change(weight)) - weight

    def added(self, call: LayerCall) -> Tensor:
        return call.along_channels(self.factors) * (call.plain + self.turned.added(call)) - call.plain

    def rows(self, start: int, stop: int) -> ScaledInputRotation:
        return ScaledInputRotation(self.turned, self.factors[start:stop])


def read_butterfly(given: LayerReading) -> Butterfly:
    blocks, rescale = given.parts["oft_blocks"].float(), read_rescale(given)
    stages, count, side = blocks.shape[:3]
    widest = 2 ** (stages - 1) * side
    if side != blocks.shape[3] or side % 2 or count * side != given.shape[0] or given.shape[0] % widest:
        raise Misfit("other blocks of outputs")
    limit = given.number("alpha") * given.shape[0] if "alpha" in given.parts else 0.0
    skew = constrained(blocks - blocks.transpose(2, 3), limit, False)
    return Butterfly(cayley(skew), rescale)


def read_peft_butterfly(given: LayerReading) -> ScaledInputRotation:
    blocks, factors = given.parts["boft_R"].float(), given.vector("boft_s", given.shape[0])
    if blocks.ndim != 4 or blocks.shape[1] * blocks.shape[2] != given.columns:
        raise Misfit("other blocks of inputs")
    if len(blocks) != 1:
        raise NodeError(f"{given.file} is a BOFT of peft with {len(blocks)} stages; only one of a single stage is read")
    rotations = cayley((blocks[0] - blocks[0].transpose(1, 2)) / 2)
    return ScaledInputRotation(InputRotation(rotations.transpose(1, 2)), factors)
