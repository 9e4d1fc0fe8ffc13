"""Levels and colours of images, held against Pillow's and torchvision's definitions worked out by hand."""

from __future__ import annotations

import colorsys

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.images.tones import image_colours, image_levels


def one(*colour: float) -> Image:
    return Image(torch.tensor(colour)[None, :, None, None].expand(1, 3, 2, 2).clone())


def test_levels_spread_the_tones_between_black_and_white() -> None:
    found = image_levels(one(0.1, 0.35, 0.9), black=0.1, white=0.6, gamma=2.0).pixels[0, :, 0, 0]
    assert found.tolist() == pytest.approx([0.0, 0.5**0.5, 1.0])
    assert torch.equal(image_levels(one(0.2, 0.4, 0.6)).pixels, one(0.2, 0.4, 0.6).pixels)
    with pytest.raises(NodeError, match=r"black .0.5. has to be below white .0.5."):
        image_levels(one(0, 0, 0), black=0.5, white=0.5)


def test_colours_change_one_thing_each() -> None:
    red = one(0.6, 0.2, 0.2)
    grey = 0.299 * 0.6 + 0.587 * 0.2 + 0.114 * 0.2
    assert image_colours(red).pixels.tolist() == red.pixels.tolist()
    assert image_colours(red, brightness=0.5).pixels[0, :, 0, 0].tolist() == pytest.approx([0.3, 0.1, 0.1])
    assert image_colours(red, saturation=0).pixels[0, :, 0, 0].tolist() == pytest.approx([grey] * 3)
    assert image_colours(red, contrast=0).pixels[0, :, 0, 0].tolist() == pytest.approx([grey] * 3)


@pytest.mark.parametrize("turn", [120, -120])
def test_a_third_of_a_turn_exchanges_the_colours(turn: int) -> None:
    found = image_colours(one(0.6, 0.2, 0.2), hue=turn).pixels[0, :, 0, 0].tolist()
    wanted = colorsys.hsv_to_rgb((turn / 360) % 1, 2 / 3, 0.6)
    assert found == pytest.approx(wanted, abs=1e-6)
