"""Eight-bit floating point: plain, scaled as a whole (scale_weight, weight_scale) or by rows (BFL's files)."""

from __future__ import annotations

import torch

from nodes.loaders.quantised.codecs import RowScaled
from nodes.loaders.quantised.encoded import EncodedMatrix, EncodedTensor, Parts
from nodes.loaders.quantised.stored_layer import Format, StoredLayer

FLOAT8 = torch.float8_e4m3fn, torch.float8_e5m2
SCALES = "scale_weight", "weight_scale"
FOREIGN = "weight_scale_2", "weight_scale_inv", "weight_zeros", "weight_s_rel"
"""Neighbours of formats that only look like this one."""


def read(layer: StoredLayer) -> EncodedTensor:
    """Return W = codes * scale; the scale is one number, or one a row, and 1 where there is none."""
    weight = layer.weight
    if weight.dtype not in FLOAT8:
        raise layer.wrong("is said to be float8, which its numbers are not")
    height = len(weight) if weight.ndim else 1
    codes = weight.reshape(height, -1)
    parts: Parts = {"codes": codes}
    if all(map(layer.has, SCALES)):
        raise layer.wrong(f"has two scales, {' and '.join(SCALES)}, where one is meant")
    for name in SCALES:
        if layer.has(name):
            scale = layer.take(name)
            layer.expect(name, scale, (), (1,), (1, 1), (height,), (height, 1))
            parts = {**parts, "scale": scale}
    layer.drop("scale_input", "input_scale")
    return EncodedTensor.of(EncodedMatrix(RowScaled(), parts, height, codes.shape[1]), tuple(weight.shape))


def fits(layer: StoredLayer) -> bool:
    return layer.weight.dtype in FLOAT8 and not any(map(layer.has, FOREIGN))


FORMAT = Format(("float8_e4m3fn", "float8_e5m2"), read, fits)
