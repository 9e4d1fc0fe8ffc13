"""Four-bit integers with a scale and an offset a group of columns (AWQ, Lin et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodes.loaders.quantised.codecs import by_rows, grouped, pairs, take, unpacked
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor, Parts, Rows
from nodes.loaders.quantised.stored_layer import Format, StoredLayer

USUAL_GROUP = 64
MIDDLE = 8


@dataclass(frozen=True)
class WithOffsets:
    """W = (code - 8) * scale[group, row] + offset[group, row]; even columns in the low half of a byte."""

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        codes = take(parts["codes"], index)
        values = unpacked(codes, pairs([float(code - MIDDLE) for code in range(16)], True, codes.device))
        scales, zeros = (take(parts[name], index, axis=1).float().T for name in ("scales", "zeros"))
        found = grouped(values, scales)
        return (found.unflatten(1, (zeros.shape[1], -1)) + zeros[:, :, None]).flatten(1)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        return self, by_rows(parts, {"codes": 0, "scales": 1, "zeros": 1}, start, stop)


def read(layer: StoredLayer) -> EncodedTensor:
    """Return the weight."""
    codes = layer.weight
    if codes.dtype not in (torch.int8, torch.uint8) or codes.ndim != 2:
        raise layer.wrong("is said to be awq_w4a16, which its numbers are not")
    height, width, group = len(codes), codes.shape[1] * 2, layer.whole("group_size", USUAL_GROUP)
    if width % group:
        raise layer.wrong(f"is said to have groups of {group}, which its {width} columns cannot have")
    shape = (width // group, height)
    scales = layer.expect("weight_scale", layer.take("weight_scale"), shape)
    zeros = layer.expect("weight_zeros", layer.take("weight_zeros"), shape)
    layer.drop("input_scale")
    return EncodedTensor.of(
        EncodedMatrix(WithOffsets(), {"codes": codes, "scales": scales, "zeros": zeros}, height, width)
    )


FORMAT = Format(("awq_w4a16",), read)
