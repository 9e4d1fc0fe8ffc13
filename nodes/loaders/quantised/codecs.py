"""Steps that several formats share: rows of parts, scales, pairs of codes in a byte, blocks of scales in tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodes.loaders.quantised.encoded import Codec, Parts, Rows


def take(tensor: Tensor, index: Rows, axis: int = 0) -> Tensor:
    """Return rows of a part, which may stand along another axis of it."""
    if isinstance(index, slice):
        return tensor[index] if axis == 0 else tensor[:, index]
    return tensor.index_select(axis, index) if tensor.element_size() > 1 else _bytes(tensor, index, axis)


def _bytes(tensor: Tensor, index: Tensor, axis: int) -> Tensor:
    """Numbers of one byte that torch cannot select rows of are selected as bytes."""
    return tensor.view(torch.uint8).index_select(axis, index).view(tensor.dtype)


def by_rows(parts: Parts, axes: Mapping[str, int], start: int, stop: int) -> Parts:
    """Return a range of rows of those parts that have rows, by the axis of their rows; others whole."""
    return {
        name: take(part, slice(start, stop), axes[name]).contiguous() if name in axes else part
        for name, part in parts.items()
    }


def scaled(values: Tensor, scale: Tensor, index: Rows) -> Tensor:
    """Return numbers times a scale of one element, or of one element a row."""
    return values * (scale.float().reshape(()) if scale.numel() == 1 else take(scale.float().reshape(-1, 1), index))


def row_axes(parts: Parts, *names: str) -> dict[str, int]:
    """Return that these parts have rows along their first axis, where they have more than one element."""
    return {name: 0 for name in names if name in parts and parts[name].numel() > 1}


def pairs(values: Sequence[float] | Tensor, low_first: bool, device: torch.device) -> Tensor:
    """Return what each byte stands for (256, 2): two codes of 4 bits, each the number of a value."""
    table = torch.as_tensor(values, dtype=torch.float32, device=device)
    byte = torch.arange(256, device=device)
    low, high = table[byte & 15], table[byte >> 4]
    return torch.stack((low, high) if low_first else (high, low), -1)


def unpacked(codes: Tensor, table: Tensor) -> Tensor:
    """Return the numbers (n, 2 m) of bytes (n, m) by a table of pairs."""
    flat = codes.contiguous().view(torch.uint8).flatten().int()
    return table.index_select(0, flat).reshape(codes.shape[0], -1)


def grouped(values: Tensor, scales: Tensor) -> Tensor:
    """Return rows (n, K) times scales (n, K / g), each for g columns."""
    return (values.unflatten(1, (scales.shape[1], -1)) * scales[:, :, None]).flatten(1)


TILE = 128
"""Rows of a tile; it is 4 columns wide."""


@dataclass(frozen=True)
class TiledScales:
    """Scales of blocks in the order of NVIDIA's block-scaled matrix products: tiles of 128 rows x 4 columns, whose
    entry (r, c) is at (r mod 32) 16 + (r div 32) 4 + c. ``first`` of the rows stored is the first that counts."""

    first: int = 0

    def rows(self, scales: Tensor, index: Rows, height: int, columns: int) -> Tensor:
        """Return scales (n, columns) of rows."""
        across = scales.shape[1] // 4
        numbers = torch.arange(height, device=scales.device)[index] if isinstance(index, slice) else index
        row, column = (numbers + self.first)[:, None], torch.arange(columns, device=scales.device)[None]
        tile = (row // TILE) * across + column // 4
        place = tile * 512 + (row % 32) * 16 + (row % TILE) // 32 * 4 + column % 4
        return take(scales.reshape(-1), place.flatten()).reshape(place.shape)

    def narrow(self, scales: Tensor, start: int, stop: int) -> tuple[TiledScales, Tensor]:
        """Return the tiles that hold a range of rows."""
        begin, end = (self.first + start) // TILE * TILE, -(-(self.first + stop) // TILE) * TILE
        return TiledScales(self.first + start - begin), scales[begin:end]


@dataclass(frozen=True)
class RowScaled:
    """W = codes * scale: one for all, or one a row. Without a scale it is 1."""

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        values = take(parts["codes"], index).float()
        return scaled(values, parts["scale"], index) if "scale" in parts else values

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        return self, by_rows(parts, {"codes": 0, **row_axes(parts, "scale")}, start, stop)


@dataclass(frozen=True)
class Unscaled:
    """Plain numbers of few bits, which stay so beside quantised ones."""

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        return take(parts["codes"], index).float()

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        return self, by_rows(parts, {"codes": 0}, start, stop)


@dataclass(frozen=True)
class ColumnScaled:
    """Hold what is stored times one number a column, by which the layer's input was divided (ModelOpt's
    pre_quant_scale)."""

    inner: Codec

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        values = self.inner.rows(parts, index)
        return values[:, : parts["columns"].numel()] * parts["columns"].float().reshape(1, -1)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        inner, rest = self.inner.narrow({n: p for n, p in parts.items() if n != "columns"}, start, stop)
        return replace(self, inner=inner), {**rest, "columns": parts["columns"]}
