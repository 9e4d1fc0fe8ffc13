"""Tensors of a file for one layer, as the algebras read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import WeightUpdate
from nodes.loaders.adapters.adapter_file import AdapterFile, FileLayer
from nodes.loaders.adapters.settings import AdapterSettings
from nodes.networks.update_device import with_tensors


class Update(WeightUpdate, Protocol):
    """An update that can be cut along the rows of its weight."""

    def rows(self, start: int, stop: int) -> Update:
        """The same for these rows of the weight alone."""
        ...


class Additive(Update, Protocol):
    """An update whose change does not depend on the weight."""

    def rows(self, start: int, stop: int) -> Additive: ...

    def dense(self) -> Tensor:
        """The change (out, in, ...) in float32."""
        ...


class Misfit(Exception):  # noqa: N818 (it becomes a sentence where the file and the layer are known)
    """Factors that do not make up a change of this layer's weight."""


@dataclass(frozen=True, eq=False)
class LayerReading:
    """Hold what a file holds for one of its layers, and the shape of the weight that this layer has in the network."""

    source: AdapterFile
    layer: FileLayer
    shape: tuple[int, ...]

    @property
    def file(self) -> str:
        """The file's name."""
        return self.source.name

    @property
    def parts(self) -> Mapping[str, Tensor]:
        """Its tensors by what they are."""
        return self.layer.parts

    @property
    def settings(self) -> AdapterSettings:
        """Return what the file says of its training. Raises NodeError where that cannot be read."""
        return self.source.settings(self.layer.meant.component)

    def scale(self, rank: int) -> float:
        """alpha / rank. Raises NodeError for an alpha that is no number."""
        if "alpha" not in self.parts:
            return self.settings.scale(self.layer.path, rank)
        alpha = self.number("alpha")
        return alpha / rank if alpha else 1.0

    def number(self, part: str) -> float:
        """A single number. Raises NodeError where it is none."""
        given = self.parts[part]
        if given.numel() != 1 or not math.isfinite(float(given)):
            raise NodeError(f"{self.file}: {self.layer.keys[part][:160]} is no number; ask its maker for another")
        return float(given)

    def incomplete(self, what: str, part: str = "") -> NodeError:
        """The error for a layer of which something is not in the file; ``what`` continues "its key ...\""""
        key = self.layer.keys[part] if part else self.layer.first_key
        return NodeError(f"{self.file} is not whole: its {key[:160]} {what}; ask its maker for another")

    @property
    def columns(self) -> int:
        """Those of the weight with its kernel flattened."""
        return math.prod(self.shape[1:])


def flat(factor: Tensor) -> Tensor:
    """A matrix in float32: all axes after the first joined."""
    return factor.float().flatten(1)


def check_fit(update: WeightUpdate, shape: tuple[int, ...]) -> None:
    """Raises Misfit where an update does not change a weight of this shape. Only shapes are computed."""
    try:
        found = with_tensors(update, lambda tensor: tensor.to("meta")).change(torch.empty(shape, device="meta")).shape
    except (RuntimeError, ValueError, IndexError) as error:
        raise Misfit(str(error)) from None
    if tuple(found) != shape:
        raise Misfit(f"{tuple(found)}")
