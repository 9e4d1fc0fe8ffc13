"""DoRA (Liu et al. 2024, arXiv:2402.09353): the direction of W + dW, with a length of its own for each row or column.

W' = m (W + dW) / |W + dW|, the length taken of each row of outputs, or of each column of inputs. The lengths are
computed once for a layer.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from nodes.loaders.adapters.algebra.reading import Additive, LayerReading
from nodes.networks.layer_call import LayerCall


@dataclass(eq=False)
class Decomposed:
    """A ``magnitude`` (out,) for each row or (in,) for each column of the weight that ``direction`` leads to.

    ``lengths``: those of the columns where they are of more rows than the layer has, known beforehand.
    """

    direction: Additive
    magnitude: Tensor
    by_rows: bool
    lengths: Tensor | None = None
    _known: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    """The factors, and the layer and the state of its weight that they hold for."""

    def factors(self, weight: Tensor) -> Tensor:
        """m / |W + dW|."""
        if self.lengths is None:
            lengths = _lengths(weight.float() + self.direction.dense().to(weight.device), self.by_rows)
        else:
            lengths = self.lengths.to(weight.device)
        return self.magnitude.float().to(weight.device) / lengths

    def change(self, weight: Tensor) -> Tensor:
        shape = (-1, *(1,) * (weight.ndim - 1)) if self.by_rows else (1, -1, *(1,) * (weight.ndim - 2))
        return self.factors(weight).reshape(shape) * (weight + self.direction.change(weight)) - weight

    def added(self, call: LayerCall) -> Tensor:
        factors = call.along_channels(self._once(call))
        if self.by_rows:
            return factors * (call.plain + self.direction.added(call)) - call.plain
        scaled = call.of_input(factors * call.x)
        return scaled.plain + self.direction.added(scaled) - call.plain

    def rows(self, start: int, stop: int) -> Decomposed:
        """The lengths of columns have to be known before (`with_lengths_of`)."""
        magnitude = self.magnitude[start:stop] if self.by_rows else self.magnitude
        return replace(self, direction=self.direction.rows(start, stop), magnitude=magnitude)

    def with_lengths_of(self, weight: Tensor) -> Decomposed:
        """With the lengths of a whole weight (out, in, ...), of which this will be cut to some rows."""
        whole = weight + self.direction.dense().to(weight.device)
        return self if self.by_rows else replace(self, lengths=_lengths(whole, False))

    def _once(self, call: LayerCall) -> Tensor:
        state = call.state
        if not self._known or self._known["layer"]() is not call.layer or self._known["state"] != state:
            self._known.update(layer=weakref.ref(call.layer), state=state, factors=self.factors(call.weight))
        found: Tensor = self._known["factors"]
        return found


def _lengths(weight: Tensor, by_rows: bool) -> Tensor:
    return weight.flatten(1).norm(dim=1) if by_rows else weight.transpose(0, 1).flatten(1).norm(dim=1)


def decompose(given: LayerReading, direction: Additive) -> Decomposed:
    """A DoRA by what stands beside its direction. Raises Misfit where its magnitudes fit neither side."""
    rows, columns = given.shape[0], given.shape[1]
    if "magnitude" in given.parts:
        return Decomposed(direction, given.vector("magnitude", rows), True)
    magnitude = given.parts["dora_scale"]
    by_rows = magnitude.ndim < 2 or len(magnitude) != 1 or magnitude.numel() == rows == 1
    return Decomposed(direction, given.vector("dora_scale", rows if by_rows else columns), by_rows)
