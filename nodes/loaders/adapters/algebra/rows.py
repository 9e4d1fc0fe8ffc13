"""A part of an update's rows, and an update that stands in a part of a layer's rows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodes.loaders.adapters.algebra.reading import Additive, Update
from nodes.networks.layer_call import LayerCall


@dataclass(eq=False)
class RowsOf:
    """The rows from ``start`` to ``stop`` of an update that does not look at the weight."""

    whole: Additive
    start: int
    stop: int

    def dense(self) -> Tensor:
        return self.whole.dense()[self.start : self.stop]

    def change(self, weight: Tensor) -> Tensor:
        return self.dense().to(weight)

    def added(self, call: LayerCall) -> Tensor:
        return self.whole.added(call).narrow(call.axis, self.start, self.stop - self.start)

    def rows(self, start: int, stop: int) -> RowsOf:
        return RowsOf(self.whole, self.start + start, self.start + stop)


@dataclass(eq=False)
class Placed:
    """An update of the rows from ``start`` to ``stop`` of a weight with more of them."""

    part: Update
    start: int
    stop: int

    def change(self, weight: Tensor) -> Tensor:
        whole = torch.zeros_like(weight)
        whole[self.start : self.stop] = self.part.change(weight[self.start : self.stop])
        return whole

    def added(self, call: LayerCall) -> Tensor:
        rows = slice(self.start, self.stop)
        part = self.part.added(call.of_rows(rows))
        shape = list(part.shape)
        shape[call.axis] = call.out_channels
        whole = part.new_zeros(shape)
        whole.narrow(call.axis, self.start, self.stop - self.start).copy_(part)
        return whole

    def rows(self, start: int, stop: int) -> Update:
        low = min(max(start, self.start), self.stop)
        high = max(min(stop, self.stop), low)
        part = self.part.rows(low - self.start, high - self.start)
        return Placed(part, max(low - start, 0), max(low - start, 0) + high - low)
