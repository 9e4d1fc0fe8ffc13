"""Eight-bit integers as bitsandbytes stores them (LLM.int8, Dettmers et al. 2022)."""

from __future__ import annotations

import torch

from nodes.loaders.quantised.codecs import RowScaled
from nodes.loaders.quantised.encoded import EncodedMatrix, EncodedTensor
from nodes.loaders.quantised.stored_layer import Format, StoredLayer

MAX_CODE = 127
ROW_MAJOR = 0
"""The number by which weight_format says that rows lie one behind the other."""


def read(layer: StoredLayer) -> EncodedTensor:
    """Return W = codes * SCB / 127, SCB the largest of each row."""
    codes = layer.weight
    if layer.has("weight_format") and int(layer.take("weight_format")) != ROW_MAJOR:
        raise layer.wrong("lies in an order that only bitsandbytes' own kernels read")
    largest = layer.expect("SCB", layer.take("SCB"), (len(codes),), (len(codes), 1))
    parts = {"codes": codes, "scale": largest.float() / MAX_CODE}
    return EncodedTensor.of(EncodedMatrix(RowScaled(), parts, *codes.shape))


def fits(layer: StoredLayer) -> bool:
    return layer.weight.dtype == torch.int8 and layer.weight.ndim == 2 and layer.has("SCB")


FORMAT = Format((), read, fits)
