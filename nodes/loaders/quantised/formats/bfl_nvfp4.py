"""NVIDIA's four-bit floating point as BFL and ModelOpt store it: even columns in the low half, scales in plain rows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodes.loaders.quantised.codecs import by_rows, grouped, pairs, take, unpacked
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor, Parts, Rows
from nodes.loaders.quantised.formats.nvfp4 import BLOCK, E2M1, as_type
from nodes.loaders.quantised.stored_layer import Format, StoredLayer


@dataclass(frozen=True)
class PlainNVFP4:
    """W = value * block scale * scale of all."""

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        codes = take(parts["codes"], index)
        scales = take(parts["blocks"], index).float() * parts["scale"].float()
        return grouped(unpacked(codes, pairs(E2M1, True, codes.device)), scales)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        return self, by_rows(parts, {"codes": 0, "blocks": 0}, start, stop)


def read(layer: StoredLayer) -> EncodedTensor:
    """Return the weight."""
    codes = layer.weight
    height, width = len(codes), codes.shape[1] * 2
    blocks = layer.expect("weight_scale", layer.take("weight_scale"), (height, width // BLOCK))
    scale = layer.expect("weight_scale_2", layer.take("weight_scale_2"), (), (1,)).reshape(())
    layer.drop("input_scale")
    parts = {"codes": codes, "blocks": as_type(layer, blocks, torch.float8_e4m3fn), "scale": scale}
    return EncodedTensor.of(EncodedMatrix(PlainNVFP4(), parts, height, width))


def fits(layer: StoredLayer) -> bool:
    """Return whether it is: ComfyUI's, whose parts have the same names, is always said to be nvfp4."""
    packed = layer.weight.dtype == torch.uint8 and layer.weight.ndim == 2 and layer.weight.shape[1] * 2 % BLOCK == 0
    return packed and layer.has("weight_scale") and layer.has("weight_scale_2") and layer.has("input_scale")


FORMAT = Format((), read, fits)
