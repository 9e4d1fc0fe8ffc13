"""Four or six bits that widen to eight: a scale a group, rounding, a scale a row, the columns rotated (W4A8, W6A8)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodes.loaders.quantised.codecs import by_rows, grouped, pairs, take, unpacked
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor, Parts, Rows
from nodes.loaders.quantised.formats.int8_tensorwise import rotated_back
from nodes.loaders.quantised.stored_layer import Format, StoredLayer

USUAL_GROUP = 16
MAX_CODE = 127
EIGHTHS = {4: 4, 6: 6}
"""Bytes by eight columns, by bits a code."""


@dataclass(frozen=True)
class ByGroupAndRow:
    """V = clamp(round(value * s_rel[row, group])) * s_channel[row] + correction[group, row]."""

    bits: int

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        codes = take(parts["codes"], index).view(torch.uint8)
        values = self._four(codes, parts) if self.bits == 4 else self._six(codes)
        found = grouped(values, take(parts["s_rel"], index).float()).round_().clamp_(-MAX_CODE, MAX_CODE)
        found *= take(parts["s_channel"], index).float()[:, None]
        if "correction" in parts:
            added = take(parts["correction"], index, axis=1).float().T
            found += added.repeat_interleave(found.shape[1] // added.shape[1], dim=1)
        return found

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        axes = {"codes": 0, "s_rel": 0, "s_channel": 0, "correction": 1}
        return self, by_rows(parts, axes, start, stop)

    def _four(self, codes: Tensor, parts: Parts) -> Tensor:
        values = parts["codebook"].float() if "codebook" in parts else [float(code - 8) for code in range(16)]
        return unpacked(codes, pairs(values, True, codes.device))

    def _six(self, codes: Tensor) -> Tensor:
        """A plane of low halves, then one of the upper two bits, four columns a byte."""
        width = codes.shape[1] * 4 // 3
        low = unpacked(codes[:, : width // 2], pairs([float(code) for code in range(16)], True, codes.device))
        shifts = torch.arange(0, 8, 2, device=codes.device, dtype=torch.uint8)
        high = (codes[:, width // 2 :, None] >> shifts & 3).flatten(1)
        return low + 16 * high.float() - 32


def read(layer: StoredLayer) -> EncodedTensor:
    """Return the weight, rotated back: this format is always rotated."""
    codes, s_rel = layer.weight, layer.take("weight_s_rel")
    if codes.dtype not in (torch.int8, torch.uint8) or codes.ndim != 2 or s_rel.ndim != 2:
        raise layer.wrong("is said to be asym_w4a8_int8, which its numbers are not")
    height, width = len(codes), s_rel.shape[1] * layer.whole("group_size", USUAL_GROUP)
    bits = next((bits for bits in EIGHTHS if codes.shape[1] * 8 == bits * width), 0)
    if not bits:
        raise layer.wrong(f"has {codes.shape[1]} bytes a row, which are neither 4 nor 6 bits for {width} columns")
    layer.expect("weight_s_rel", s_rel, (height, s_rel.shape[1]))
    parts = {
        "codes": codes,
        "s_rel": s_rel.view(torch.float8_e4m3fn) if s_rel.dtype == torch.uint8 else s_rel,
        "s_channel": layer.expect("weight_s_channel", layer.take("weight_s_channel"), (height,), (height, 1)).flatten(),
    }
    if bits == 4 and layer.has("weight_codebook"):
        parts["codebook"] = layer.expect("weight_codebook", layer.take("weight_codebook"), (16,))
    if bits == 4 and layer.has("weight_correction"):
        shape = (s_rel.shape[1], height)
        parts["correction"] = layer.expect("weight_correction", layer.take("weight_correction"), shape)
    layer.drop("input_scale")
    codec = rotated_back(layer, ByGroupAndRow(bits), width)
    return EncodedTensor.of(EncodedMatrix(codec, parts, height, width))


FORMAT = Format(("asym_w4a8_int8",), read)
