"""The plain weights of a file that has quantised ones: they stay as they are too."""

from __future__ import annotations

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
