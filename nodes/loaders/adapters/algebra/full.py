"""Whole differences of a weight, and whole weights in its place."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nodes.loaders.adapters.algebra.reading import LayerReading
from nodes.networks.layer_call import LayerCall


@dataclass(eq=False)
class WeightDifference:
    """Hold what is added to a weight, in its shape."""

    difference: Tensor

    def dense(self) -> Tensor:
        return self.difference.float()

    def change(self, weight: Tensor) -> Tensor:
        return self.difference.to(weight)

    def added(self, call: LayerCall) -> Tensor:
        return call.times(self.difference, call.x)

    def rows(self, start: int, stop: int) -> WeightDifference:
        return WeightDifference(self.difference[start:stop])


@dataclass(eq=False)
class Replacement:
    """Hold what stands in the place of a weight."""

    value: Tensor

    def change(self, weight: Tensor) -> Tensor:
        return self.value.to(weight) - weight

    def added(self, call: LayerCall) -> Tensor:
        return call.times(self.value, call.x) - call.plain

    def rows(self, start: int, stop: int) -> Replacement:
        return Replacement(self.value[start:stop])


def read_difference(given: LayerReading) -> WeightDifference:
    return WeightDifference(given.shaped("diff", *given.shape))


def read_replacement(given: LayerReading) -> Replacement:
    return Replacement(given.shaped("set_weight", *given.shape))


def read_whole(given: LayerReading) -> Replacement:
    """What was trained beside the adapter, as peft saves it (``modules_to_save``) and diffusers the norms of FLUX.1."""
    return Replacement(given.shaped("weight", *given.shape))
