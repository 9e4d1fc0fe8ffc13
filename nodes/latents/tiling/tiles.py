"""Tiles that overlap, and their results laid on each other without a seam. No nodes here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Tile(NamedTuple):
    """A rectangle, in cells of the latent."""

    top: int
    left: int
    height: int
    width: int

    def of(self, samples: Tensor, factor: int = 1) -> Tensor:
        """The part of (B, C, h, w) that it covers, at so many places a cell."""
        rows = slice(self.top * factor, (self.top + self.height) * factor)
        columns = slice(self.left * factor, (self.left + self.width) * factor)
        return samples[..., rows, columns]


def tiles(height: int, width: int, side: tuple[int, int], overlap: int) -> list[Tile]:
    """Tiles of one size (height, width) that cover an area and overlap by at least so many cells.

    A side that is longer than the area is the area's; the last tile of a row moves in, so that it is whole.
    """
    rows, columns = min(side[0], height), min(side[1], width)
    return [
        Tile(top, left, rows, columns)
        for top in _starts(height, rows, overlap)
        for left in _starts(width, columns, overlap)
    ]


def _starts(length: int, side: int, overlap: int) -> Sequence[int]:
    if side >= length:
        return [0]
    every = max(side - overlap, 1)
    return [*range(0, length - side, every), length - side]


def shapes(side: int, several: bool) -> list[tuple[int, int]]:
    """The shapes of tiles to take the mean of: square ones, and where ``several`` flat and tall ones too."""
    return [(side, side), (2 * side, side // 2), (side // 2, 2 * side)] if several else [(side, side)]


def laid_together(
    passes: Sequence[Sequence[Tile]], compute: Callable[[Tile], Tensor], overlap: int, factor: int = 1
) -> Generator[tuple[int, int], None, Tensor]:
    """The mean of what is computed for the tiles of each pass, (B, C, H, W), at ``factor`` places a cell.

    A tile counts less towards its edges, over the cells that overlap. Yields how many tiles are done, of how many.
    """
    total, done, result = sum(map(len, passes)), 0, None
    for number, one in enumerate(passes):
        sums, weights = None, None
        for tile in one:
            found = compute(tile)
            if sums is None or weights is None:
                height, width = (max(t[side] + t[side + 2] for t in one) * factor for side in (0, 1))
                sums = found.new_zeros(*found.shape[:2], height, width)
                weights = found.new_zeros(1, 1, height, width)
            weight = _weight(found, overlap * factor)
            tile.of(sums, factor).add_(found * weight)
            tile.of(weights, factor).add_(weight)
            done += 1
            yield done, total
        if sums is not None and weights is not None:
            mean = sums / weights
            result = mean if result is None else result + (mean - result) / (number + 1)
    if result is None:
        raise ValueError("no tiles")
    return result


def _weight(found: Tensor, overlap: int) -> Tensor:
    """Rising from the edges over so many places, (1, 1, h, w)."""
    sides = []
    for length in found.shape[-2:]:
        place = torch.arange(length, dtype=found.dtype, device=found.device)
        sides.append(((torch.minimum(place, length - 1 - place) + 1) / max(overlap, 1)).clamp(max=1))
    return (sides[0][:, None] * sides[1][None])[None, None]
