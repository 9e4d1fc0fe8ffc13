"""NVIDIA's four-bit floating point in blocks of 16, as ComfyUI stores it (columns 2 j in the high half of a byte)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from nodes.loaders.quantised.codecs import TiledScales, grouped, pairs, take, unpacked
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor, Parts, Rows
from nodes.loaders.quantised.stored_layer import Format, StoredLayer

E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0)
"""What the codes stand for: a sign, two bits of exponent, one of mantissa."""
BLOCK = 16


@dataclass(frozen=True)
class NVFP4:
    """W = value * block scale * scale of all."""

    height: int
    tiles: TiledScales = field(default_factory=TiledScales)

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        codes = take(parts["codes"], index)
        blocks = codes.shape[1] * 2 // BLOCK
        scales = self.tiles.rows(parts["blocks"], index, self.height, blocks).float() * parts["scale"].float()
        return grouped(unpacked(codes, pairs(E2M1, False, codes.device)), scales)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        tiles, blocks = self.tiles.narrow(parts["blocks"], start, stop)
        return replace(self, height=stop - start, tiles=tiles), {
            **parts,
            "codes": parts["codes"][start:stop],
            "blocks": blocks,
        }


def read(layer: StoredLayer) -> EncodedTensor:
    """Return the weight, which is padded to multiples of 16; who knows its shape crops it."""
    codes = layer.weight
    if codes.dtype != torch.uint8 or codes.ndim != 2 or codes.shape[1] * 2 % BLOCK or len(codes) % BLOCK:
        raise layer.wrong("is said to be nvfp4, which its numbers are not")
    height, width = len(codes), codes.shape[1] * 2
    blocks = layer.expect("weight_scale", layer.take("weight_scale"), tiled_shape(height, width // BLOCK))
    scale = layer.expect("weight_scale_2", layer.take("weight_scale_2"), (), (1,)).reshape(())
    layer.drop("input_scale")
    parts = {"codes": codes, "blocks": as_type(layer, blocks, torch.float8_e4m3fn), "scale": scale}
    return EncodedTensor.of(EncodedMatrix(NVFP4(height), parts, height, width, BLOCK))


def tiled_shape(height: int, columns: int) -> tuple[int, int]:
    """Return the shape of scales in tiles: 128 rows, 4 columns."""
    return -(-height // 128) * 128, -(-columns // 4) * 4


def as_type(layer: StoredLayer, scales: Tensor, wanted: torch.dtype) -> Tensor:
    """Return scales that may have been stored as bare bytes."""
    if scales.dtype not in (wanted, torch.uint8):
        raise layer.wrong(f"has scales that are {str(scales.dtype).removeprefix('torch.')}")
    return scales.view(wanted)


FORMAT = Format(("nvfp4",), read)
