"""Large images in parts that overlap, and one image again out of the parts."""

from __future__ import annotations

from typing import Annotated

import torch

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Image
from nodes.latents.tiling.tiles import Tile, laid_together, tiles

MOST = 4096
"""Tiles of one batch."""


@node("Cut into tiles")
def cut_into_tiles(
    image: Image,
    width: Annotated[int, Range(16, 16384, 8)] = 768,
    height: Annotated[int, Range(16, 16384, 8)] = 768,
    overlap: Annotated[int, Range(0, 4096, 8)] = 64,
) -> Image:
    """Cuts a large image into parts that overlap, to paint each at a size that a model knows.

    (B, 3, H, W) become (B T, 3, height, width), the T tiles of one image after those of another, row by row. Tiles
    overlap by ``overlap`` pixels or more: the last of a row moves in. A side longer than the image's is the image's.
    *Join tiles* makes one image of them again.

    Fails for an overlap that is no smaller than a tile, and for more than 4096 tiles.
    """
    found = _tiles(image, (height, width), overlap)
    parts = torch.stack([tile.of(image.pixels) for tile in found], 1)
    return Image(parts.flatten(0, 1).contiguous())


@node("Join tiles")
def join_tiles(image: Image, tiles: Image, overlap: Annotated[int, Range(0, 4096, 8)] = 64) -> Image:
    """Lays the tiles of an image together again, each flowing into its neighbours where they overlap.

    ``image`` (B, 3, H, W) is what *Cut into tiles* was given, of which the size alone counts, and ``overlap`` what was
    said there; ``tiles`` (B T, 3, h, w) are its parts, painted anew. Where tiles overlap, each counts less towards its
    edge. Tiles that nobody changed make
    the image that they are of.

    Fails where the tiles are not as many as an image of this size has.
    """
    pixels = tiles.pixels
    found = _tiles(image, (pixels.shape[-2], pixels.shape[-1]), overlap)
    count = len(image.pixels)
    if len(pixels) != count * len(found) or (found[0].height, found[0].width) != tuple(pixels.shape[-2:]):
        side = " x ".join(map(str, reversed(image.pixels.shape[-2:])))
        raise NodeError(
            f"{count} images of {side} have {count * len(found)} tiles of this size, and there are {len(pixels)}; wire "
            "the image that was cut, and say the same overlap"
        )
    parts = dict(zip(found, pixels.unflatten(0, (count, len(found))).unbind(1), strict=True))
    laying = laid_together([found], lambda tile: parts[tile], overlap)
    while True:
        try:
            next(laying)
        except StopIteration as end:
            return Image(end.value)


def _tiles(image: Image, side: tuple[int, int], overlap: int) -> list[Tile]:
    height, width = image.pixels.shape[-2:]
    for length, whole in zip(side, (height, width), strict=True):
        if overlap >= length and length < whole:
            raise NodeError(f"tiles of {length} pixels cannot overlap by {overlap}; choose a smaller overlap")
    found = tiles(height, width, side, overlap)
    if len(found) > MOST:
        raise NodeError(f"there would be {len(found)} tiles; make them larger, so that there are {MOST} at most")
    return found
