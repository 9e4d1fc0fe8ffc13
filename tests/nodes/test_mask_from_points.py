"""A mask of what has the colour of points, as a magic wand takes it."""

from __future__ import annotations

import json

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.masks.points import mask_from_points


@pytest.fixture
def image() -> Image:
    """Grey ground with two white squares, and a third that is nearly white."""
    pixels = torch.full((1, 3, 20, 30), 0.5)
    pixels[..., 2:6, 2:6] = 1.0
    pixels[..., 10:14, 20:24] = 1.0
    pixels[..., 2:6, 6:8] = 0.95
    return Image(pixels)


def test_what_hangs_together_with_a_point_is_taken(image: Image) -> None:
    mask = mask_from_points(image, '[{"x": 3, "y": 4.9}]', tolerance=0.0).values
    assert mask.shape == (1, 1, 20, 30)
    assert mask.sum() == 16 and mask[..., 2:6, 2:6].all()
    assert mask_from_points(image, '[{"x": 3, "y": 4}]', tolerance=0.1).values.sum() == 24
    assert mask_from_points(image, '[{"x": 3, "y": 4}, {"x": 20, "y": 10}]', tolerance=0.0).values.sum() == 32


def test_or_all_that_has_the_colour(image: Image) -> None:
    mask = mask_from_points(image, '[{"x": 3, "y": 4}]', tolerance=0.0, connected=False).values
    assert mask.sum() == 32 and mask[..., 10:14, 20:24].all()


def test_each_image_of_a_batch_has_its_own(image: Image) -> None:
    other = image.pixels.clone()
    other[..., 3, 3] = 0.0
    both = Image(torch.cat((image.pixels, other)))
    mask = mask_from_points(both, '[{"x": 3, "y": 3}]', tolerance=0.0).values
    assert [one.sum().item() for one in mask] == [16, 1]


def test_without_points_nothing_is_taken(image: Image) -> None:
    assert mask_from_points(image).values.sum() == 0
    assert mask_from_points(image, " ").values.sum() == 0


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ("here", "no list of points"),
        ('[{"x": 1}]', "no list of points"),
        ('[{"x": 30, "y": 1}]', "outside of this image"),
        ('[{"x": -1, "y": 1}]', "outside of this image"),
        (json.dumps([{"x": 1, "y": 1}] * 201), "up to 200"),
    ],
)
def test_what_is_no_point_is_said(image: Image, points: str, words: str) -> None:
    with pytest.raises(NodeError, match=words):
        mask_from_points(image, points)
