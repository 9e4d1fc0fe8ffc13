"""IA3 (Liu et al. 2022, arXiv:2205.05638): each row or column of W times a factor of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from nodes.loaders.adapters.algebra.reading import LayerReading
from nodes.networks.layer_call import LayerCall


@dataclass(eq=False)
class Factors:
    """Hold what is added to the factor 1 of each row (out,) or column (in,).

    ``with_bias``: the bias is multiplied too, as peft does with rows.
    """

    more: Tensor
    by_rows: bool
    with_bias: bool = False

    def change(self, weight: Tensor) -> Tensor:
        shape = (-1, *(1,) * (weight.ndim - 1)) if self.by_rows else (1, -1, *(1,) * (weight.ndim - 2))
        return weight * self.more.to(weight).reshape(shape)

    def added(self, call: LayerCall) -> Tensor:
        more = call.along_channels(self.more)
        if self.by_rows:
            return (call.output if self.with_bias else call.plain) * more
        return call.through(call.x * more)

    def rows(self, start: int, stop: int) -> Factors:
        return replace(self, more=self.more[start:stop]) if self.by_rows else self


def read_lycoris_factors(given: LayerReading) -> Factors:
    by_rows = not given.number("on_input")
    return Factors(given.vector("weight", given.shape[0 if by_rows else 1]), by_rows)


def read_peft_factors(given: LayerReading) -> Factors:
    """They are the factors themselves, not what is added to 1."""
    factors = given.parts["ia3_l"]
    by_rows = factors.ndim > 1 and factors.shape[1] == 1
    return Factors(given.vector("ia3_l", given.shape[0 if by_rows else 1]).float() - 1, by_rows, with_bias=True)
