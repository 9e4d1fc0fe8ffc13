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
            self._check_rank(rank)
            return self.settings.scale(self.layer.path, rank)
        alpha = self.number("alpha")
        return alpha / rank if alpha else 1.0

    def count(self, part: str) -> int:
        """The length of a tensor's first axis. Raises KeyError where it is not there, and Misfit where it has none."""
        if not self.parts[part].ndim:
            raise Misfit("a single number")
        return len(self.parts[part])

    def shaped(self, part: str, *shape: int) -> Tensor:
        """A tensor in a shape (`in_shape`). Raises KeyError where it is not there, and Misfit for another shape."""
        return in_shape(self.parts[part], *shape)

    def vector(self, part: str, length: int) -> Tensor:
        """Numbers along one axis, wherever it stands. Raises KeyError where they are not there, and Misfit where they
        are other ones."""
        given = self.parts[part]
        if given.numel() != length or max(given.shape, default=1) != length:
            raise Misfit(f"{tuple(given.shape)} instead of {length} numbers")
        return given.flatten()

    def number(self, part: str) -> float:
        """A single number. Raises NodeError where it is none."""
        given = self.parts[part]
        if given.numel() != 1 or not math.isfinite(float(given)):
            raise NodeError(f"{self.file}: {self.layer.keys[part][:160]} is no number; ask its maker for another")
        return float(given)

    def _check_rank(self, rank: int) -> None:
        said = self.settings.rank_of(self.layer.path)
        if said is not None and said != rank:
            raise NodeError(
                f"{self.file}: {self.layer.first_key[:160]} has a rank of {rank}, and the settings that were saved "
                f"with it say {said:g}; they belong to another adapter"
            )

    def superfluous(self, part: str) -> NodeError:
        """The error for a tensor that no other makes sense of."""
        return NodeError(
            f"{self.file} holds {self.layer.keys[part][:160]}, which goes with nothing beside it; it is no known "
            "adapter"
        )

    def incomplete(self, what: str, part: str = "") -> NodeError:
        """The error for a layer of which something is not in the file; ``what`` continues "its key ...\""""
        key = self.layer.keys[part] if part else self.layer.first_key
        return NodeError(f"{self.file} is not whole: its {key[:160]} {what}; ask its maker for another")

    @property
    def columns(self) -> int:
        """Those of the weight with its kernel flattened."""
        return math.prod(self.shape[1:])


def in_shape(given: Tensor, *shape: int) -> Tensor:
    """A tensor in a shape, whose axes after the first may be joined, and others of one number stand behind. Raises
    Misfit for another shape."""
    if _bare(given.shape) not in (_bare(shape), _bare((shape[0], math.prod(shape[1:])))):
        raise Misfit(f"{tuple(given.shape)} instead of {shape}")
    return given.reshape(shape)


def _bare(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without the axes of one number at its end."""
    count = max((place for place, length in enumerate(shape, 1) if length != 1), default=0)
    return tuple(shape[:count])


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
