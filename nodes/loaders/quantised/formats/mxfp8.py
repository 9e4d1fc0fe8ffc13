"""Eight-bit floating point in blocks of 32 whose scales are powers of two (OCP microscaling)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from nodes.loaders.quantised.codecs import TiledScales, grouped, take
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor, Parts, Rows
from nodes.loaders.quantised.formats.nvfp4 import as_type, tiled_shape
from nodes.loaders.quantised.stored_layer import Format, StoredLayer

BLOCK = 32


@dataclass(frozen=True)
class MXFP8:
    """W = code * 2^(e - 127), e of the block."""

    height: int
    tiles: TiledScales = field(default_factory=TiledScales)

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        codes = take(parts["codes"], index).float()
        exponents = self.tiles.rows(parts["blocks"], index, self.height, codes.shape[1] // BLOCK)
        return grouped(codes, powers(exponents))

    def scales_among(self, parts: Parts) -> Iterator[Tensor]:
        """Return the exponents as what they stand for."""
        yield parts["blocks"].view(torch.float8_e8m0fnu)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        tiles, blocks = self.tiles.narrow(parts["blocks"], start, stop)
        return replace(self, height=stop - start, tiles=tiles), {"codes": parts["codes"][start:stop], "blocks": blocks}


def powers(exponents: Tensor) -> Tensor:
    """Return 2^(e - 127) of bytes: they are the exponents of float32. 0 stands for 0, as in blocks of zeros."""
    return (exponents.int() << 23).view(torch.float32)


def read(layer: StoredLayer) -> EncodedTensor:
    """Return the weight, which is padded to multiples of 32; who knows its shape crops it."""
    codes = layer.weight
    if codes.dtype != torch.float8_e4m3fn or codes.ndim != 2 or codes.shape[1] % BLOCK or len(codes) % BLOCK:
        raise layer.wrong("is said to be mxfp8, which its numbers are not")
    height, width = codes.shape
    blocks = layer.expect("weight_scale", layer.take("weight_scale"), tiled_shape(height, width // BLOCK))
    layer.drop("input_scale")
    parts = {"codes": codes, "blocks": as_type(layer, blocks, torch.float8_e8m0fnu).view(torch.uint8)}
    return EncodedTensor.of(EncodedMatrix(MXFP8(height), parts, height, width, BLOCK))


FORMAT = Format(("mxfp8",), read)
