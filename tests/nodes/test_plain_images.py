"""Plain images and masks, images fitted into sizes, sharper and softer ones."""

from __future__ import annotations

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.images.plain import fit_image_into, plain_image, repeat_image, scale_image_to_nearest_size
from nodes.images.sharpness import bell, blur_image, sharpen_image
from nodes.masks.plain import plain_mask


def noisy(height: int, width: int, count: int = 1) -> Image:
    return Image(torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(3)))


def test_plain_images_and_masks_have_one_value() -> None:
    image = plain_image(6, 4, 2, "#ff8000").pixels
    assert image.shape == (2, 3, 4, 6)
    assert torch.equal(image.amax((0, 2, 3)), torch.tensor([255, 128, 0]) / 255)
    assert torch.equal(plain_mask(3, 2, 0.25).values, torch.full((1, 1, 2, 3), 0.25))
    for colour in ("red", "#12345", "#gggggg"):
        with pytest.raises(NodeError, match="no colour"):
            plain_image(4, 4, 1, colour)
    with pytest.raises(NodeError, match="pixels"):
        plain_image(16_384, 16_384, 1024)


def test_a_batch_is_repeated_as_a_whole() -> None:
    image = noisy(4, 4, 2)
    repeated = repeat_image(image, 3).pixels
    assert torch.equal(repeated, torch.cat([image.pixels] * 3))


def test_an_image_fits_into_a_size_with_room_around() -> None:
    found = fit_image_into(plain_image(20, 10, 1, "#ffffff"), 40, 40, "#ff0000", "bilinear").pixels
    assert found.shape == (1, 3, 40, 40)
    assert bool((found[..., 10:30, :] == 1).all())
    assert found[0, :, 9, 5].tolist() == [1, 0, 0] == found[0, :, 30, 5].tolist()


def test_the_nearest_proportions_are_taken() -> None:
    assert scale_image_to_nearest_size(noisy(300, 500)).pixels.shape[-2:] == (800, 1328)
    assert scale_image_to_nearest_size(noisy(30, 30), "8x16, 32x32", "bicubic").pixels.shape[-2:] == (32, 32)
    for wrong in ("", "8x", "8x8 9x9", "0x8"):
        with pytest.raises(NodeError, match="no sizes"):
            scale_image_to_nearest_size(noisy(30, 30), wrong)


def test_sharper_is_away_from_softer() -> None:
    weights = bell(2, 0.5)
    assert float(weights.sum()) == pytest.approx(1)
    assert float(weights[2, 2] / weights[2, 4]) == pytest.approx(float(torch.exp(torch.tensor(1 / 0.5))), rel=1e-5)
    image = Image(noisy(9, 9).pixels * 0.1 + 0.45)
    soft = blur_image(image, 2, 0.5).pixels
    assert float(soft.std()) < float(image.pixels.std())
    sharp = sharpen_image(image, 2, 0.5, 0.2).pixels
    assert torch.allclose(sharp, (image.pixels + 2 * (image.pixels - soft)).clamp(0, 1), atol=1e-6)
    with pytest.raises(NodeError, match="radius"):
        blur_image(noisy(3, 3), 5)
