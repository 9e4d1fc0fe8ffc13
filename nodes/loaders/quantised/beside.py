"""Plain weights that stay as their file has them: beside quantised ones, and where wider ones would take too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import psutil
import torch
from torch import Tensor

from nodeflow.node import warn
from nodes.loaders.quantised.codecs import Unscaled
from nodes.loaders.quantised.encoded import EncodedMatrix, EncodedTensor, Weight

SMALL = 1 << 16
"""Numbers; weights with fewer are widened when they are loaded."""


def kept_as_they_are(weights: dict[str, Weight]) -> dict[str, Weight]:
    """Return a file's weights; where some are quantised, large plain matrices are encoded too, as what they are."""
    if not any(isinstance(weight, EncodedTensor) for weight in weights.values()):
        return weights
    return {name: _kept(weight) for name, weight in weights.items()}


def _kept(weight: Weight) -> Weight:
    if isinstance(weight, EncodedTensor) or weight.ndim != 2 or weight.numel() < SMALL:
        return weight
    if not weight.is_floating_point():
        return weight
    return EncodedTensor.of(EncodedMatrix(Unscaled(), {"codes": weight}, *weight.shape))


SHARE = 2
"""What is widened may take one part in this many of the free memory: activations and other networks want some too."""


def kept_where_memory_is_short(weights: Mapping[str, Weight], dtype: torch.dtype, shown: str) -> Mapping[str, Weight]:
    """Return the weights of a network; where those that a precision makes wider would fill the memory, large matrices
    stay as they are, and are widened to the same numbers as they compute. ``shown`` names the file to the person."""
    wider, free = sum(_wider(weights, dtype)), psutil.virtual_memory().available
    if wider * SHARE <= free:
        return weights
    precision = str(dtype).removeprefix("torch.")
    warn(
        f"{shown}: its weights stay as the file has them and are widened layer by layer, since in {precision} they "
        f"would take {wider / 1e9:.1f} GB, and {free / 1e9:.1f} GB of memory are free"
    )
    return {name: _kept(weight) for name, weight in weights.items()}


def _wider(weights: Mapping[str, Weight], dtype: torch.dtype) -> Iterator[int]:
    """The bytes of each weight that a precision makes wider."""
    for weight in weights.values():
        if isinstance(weight, Tensor) and weight.is_floating_point() and weight.dtype.itemsize < dtype.itemsize:
            yield weight.numel() * dtype.itemsize
