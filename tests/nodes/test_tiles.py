"""Tests of images in tiles: cut, painted, and laid together again."""

from __future__ import annotations

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.images.tiles import cut_into_tiles, join_tiles


def picture(count: int = 2, height: int = 70, width: int = 100) -> Image:
    return Image(torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(1)))


def test_tiles_cover_an_image_and_make_it_again() -> None:
    image = picture()
    tiles = cut_into_tiles(image, 48, 40, 16)
    assert tiles.pixels.shape == (2 * 3 * 3, 3, 40, 48)
    assert torch.equal(tiles.pixels[0], image.pixels[0, :, :40, :48])
    assert torch.equal(tiles.pixels[8], image.pixels[0, :, 30:, 52:])
    assert torch.equal(tiles.pixels[9], image.pixels[1, :, :40, :48])
    assert torch.allclose(join_tiles(image, tiles, 16).pixels, image.pixels, atol=1e-6)
    small = cut_into_tiles(picture(1, 20, 30), 64, 64, 16)
    assert small.pixels.shape == (1, 3, 20, 30)


def test_tiles_flow_into_each_other() -> None:
    image = Image(torch.zeros(1, 3, 16, 64))
    tiles = cut_into_tiles(image, 40, 16, 16)
    lit = Image(torch.stack([torch.zeros(3, 16, 40), torch.ones(3, 16, 40)]))
    row = join_tiles(image, lit, 16).pixels[0, 0, 8]
    assert len(tiles.pixels) == 2 and torch.equal(row[:24], torch.zeros(24)) and torch.equal(row[40:], torch.ones(24))
    assert (row[24:40].diff() > 0).all()


def test_what_does_not_fit_is_a_sentence() -> None:
    image = picture()
    with pytest.raises(NodeError, match="tiles of 48 pixels cannot overlap by 48; choose a smaller overlap"):
        cut_into_tiles(image, 48, 64, 48)
    tiles = cut_into_tiles(image, 48, 40, 16)
    with pytest.raises(NodeError, match=r"2 images of 100 x 70 have 18 tiles of this size, and there are 17; wire"):
        join_tiles(image, Image(tiles.pixels[1:]), 16)
    with pytest.raises(NodeError, match="there would be 4761 tiles"):
        cut_into_tiles(Image(torch.zeros(1, 3, 1100, 1100)), 16, 16, 0)
