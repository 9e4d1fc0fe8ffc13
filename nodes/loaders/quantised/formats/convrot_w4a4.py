"""Four-bit integers with a scale a row, the columns rotated in groups (ConvRot)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodes.loaders.quantised.codecs import by_rows, pairs, scaled, take, unpacked
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor, Parts, Rows
from nodes.loaders.quantised.formats.int8_tensorwise import rotated_back
from nodes.loaders.quantised.stored_layer import Format, StoredLayer

SIGNED = (*range(8), *range(-8, 0))
"""Four bits in two's complement."""


@dataclass(frozen=True)
class SignedNibbles:
    """W = code * scale of the row; even columns in the low half of a byte."""

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        codes = take(parts["codes"], index)
        return scaled(unpacked(codes, pairs(SIGNED, True, codes.device)), parts["scale"], index)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        axes = {"codes": 0} if parts["scale"].numel() == 1 else {"codes": 0, "scale": 0}
        return self, by_rows(parts, axes, start, stop)


def read(layer: StoredLayer) -> EncodedTensor:
    """Return the weight, rotated back."""
    codes = layer.weight
    if codes.dtype not in (torch.int8, torch.uint8) or codes.ndim != 2:
        raise layer.wrong("is said to be convrot_w4a4, which its numbers are not")
    height, width = len(codes), codes.shape[1] * 2
    scale = layer.expect("weight_scale", layer.take("weight_scale"), (height,), (height, 1))
    layer.drop("input_scale")
    codec = rotated_back(layer, SignedNibbles(), width)
    return EncodedTensor.of(EncodedMatrix(codec, {"codes": codes, "scale": scale}, height, width))


FORMAT = Format(("convrot_w4a4",), read)
