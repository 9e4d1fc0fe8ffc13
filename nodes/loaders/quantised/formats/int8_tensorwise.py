"""Eight-bit integers with a scale for all, or one a row; the columns may be rotated in groups (ConvRot)."""

from __future__ import annotations

import torch

from nodes.loaders.quantised.codecs import RowScaled
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor
from nodes.loaders.quantised.rotation import Rotated, is_rotatable
from nodes.loaders.quantised.stored_layer import Format, StoredLayer

USUAL_GROUP = 256


def read(layer: StoredLayer) -> EncodedTensor:
    """Return W = codes * scale, rotated back where the file says convrot."""
    weight = layer.weight
    if weight.dtype != torch.int8 or weight.ndim < 2:
        raise layer.wrong("is said to be int8_tensorwise, which its numbers are not")
    codes = weight.reshape(len(weight), -1)
    height, width = codes.shape
    scale = layer.expect("weight_scale", layer.take("weight_scale"), (height, 1), (height,), (1,), (1, 1), ())
    layer.drop("input_scale")
    codec: Codec = RowScaled()
    if layer.setting("convrot", False):
        codec = rotated_back(layer, codec, width)
    matrix = EncodedMatrix(codec, {"codes": codes, "scale": scale}, height, width)
    return EncodedTensor.of(matrix, tuple(weight.shape))


def rotated_back(layer: StoredLayer, codec: Codec, width: int) -> Codec:
    """Return a codec that undoes the layer's rotation. Raises NodeError for groups that do not fit."""
    side = layer.whole("convrot_groupsize", USUAL_GROUP)
    if not is_rotatable(side, width):
        raise layer.wrong(f"is said to be rotated by groups of {side}, which its {width} columns cannot be")
    return Rotated(codec, side)


FORMAT = Format(("int8_tensorwise",), read)
