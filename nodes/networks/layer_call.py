"""One call of a layer, and what an adapter needs to know of it. No nodes here."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv1d, conv2d, conv3d, linear

CONVOLUTIONS = {3: conv1d, 4: conv2d, 5: conv3d}
"""By the axes of their weights."""


def is_linear_map(layer: Any) -> bool:
    """Return whether a layer multiplies by its weight: a linear one or a convolution, however its weight is stored."""
    return hasattr(layer, "in_features") or isinstance(layer, (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d))


def weight_shape(layer: Any) -> tuple[int, ...]:
    """The shape of a layer's weight as it multiplies, which a quantised one does not store so."""
    if hasattr(layer, "in_features"):
        return int(layer.out_features), int(layer.in_features)
    if hasattr(layer, "kernel_size"):
        return int(layer.out_channels), int(layer.in_channels) // int(layer.groups), *map(int, layer.kernel_size)
    if isinstance(layer, torch.nn.Embedding):
        return layer.num_embeddings, layer.embedding_dim
    return tuple(layer.weight.shape)


def dense_weight(layer: Any) -> Tensor:
    """A layer's weight in float32; those of quantised layers widen it when they are asked."""
    weight: Tensor = layer.weight
    return weight.detach().float()


def has_weight(layer: Any) -> bool:
    """Return whether a layer has a weight, without asking for it: a quantised one would widen it."""
    return is_linear_map(layer) or layer._parameters.get("weight") is not None or hasattr(layer, "num_embeddings")


class LayerCall:
    """A linear layer or convolution at work: its input x, and what else can be computed with it.

    ``rows`` are those of the layer's outputs that are looked at; all of them unless an adapter is for a part of them.
    """

    def __init__(self, layer: Any, x: Tensor, output: Tensor, rows: slice = slice(None)) -> None:
        self.layer, self.x, self.rows = layer, x, rows
        self._output = output
        self._convolves = hasattr(layer, "kernel_size")
        self.axis = -1 - len(layer.kernel_size) if self._convolves else -1
        """That of the channels."""

    def of_rows(self, rows: slice) -> LayerCall:
        """The same call, of which only these rows of the output are looked at."""
        return LayerCall(self.layer, self.x, self._output, rows)

    def of_input(self, z: Tensor) -> LayerCall:
        """The call of the same layer for another input."""
        return LayerCall(self.layer, z, self.layer.forward(z), self.rows)

    @property
    def out_channels(self) -> int:
        """Those of the whole output."""
        return self._output.shape[self.axis]

    @property
    def state(self) -> object:
        """Return what changes when the layer's weight does."""
        return getattr(self.layer._parameters.get("weight"), "_version", None)

    @property
    def weight(self) -> Tensor:
        """W (out, in, ...) in float32."""
        return dense_weight(self.layer)[self.rows]

    @property
    def output(self) -> Tensor:
        """W x and the bias."""
        return self._output.movedim(self.axis, 0)[self.rows].movedim(0, self.axis)

    @cached_property
    def plain(self) -> Tensor:
        """W x, without the bias."""
        bias = getattr(self.layer, "bias", None)
        return self.output if bias is None else self.output - self.along_channels(bias[self.rows])

    def through(self, z: Tensor) -> Tensor:
        """W z for another input."""
        return self.of_input(z).plain

    def times(self, weight: Tensor, z: Tensor) -> Tensor:
        """Return what the layer would give for z with another weight and no bias."""
        weight = self.like(weight)
        if not self._convolves:
            return linear(z, weight)
        layer = self.layer
        groups = layer.groups if weight.shape[1] * layer.groups == z.shape[self.axis] else 1
        convolve = CONVOLUTIONS[weight.ndim]
        return convolve(z, weight, None, layer.stride, layer.padding, layer.dilation, groups)

    def pointwise(self, matrix: Tensor, z: Tensor) -> Tensor:
        """A matrix (out, in) times the channels of z at each place."""
        matrix = self.like(matrix)
        if not self._convolves:
            return linear(z, matrix)
        places = -1 - self.axis
        return CONVOLUTIONS[places + 2](z, matrix[(...,) + (None,) * places])

    def along_channels(self, vector: Tensor) -> Tensor:
        """A vector (channels,), so that it multiplies the channels of an input or output."""
        return self.like(vector).reshape(-1, *(1,) * (-1 - self.axis))

    def like(self, value: Tensor) -> Tensor:
        """On the device and in the precision of the input."""
        return value.to(self.x.device, self.x.dtype)
