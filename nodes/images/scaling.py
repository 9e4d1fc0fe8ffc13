"""Images in another size: to a size, by a factor, to an area, or to a longest side."""

from __future__ import annotations

from typing import Annotated, Literal

from torch import Tensor

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Image
from nodes.images.resampling.methods import IMAGE_METHODS, ImageMethod, centre_crop
from nodes.written import ONE_SIDE

MAX_SIDE = 16_384
"""Pixels along a side of an image."""


@node("Scale image", version=2, rules=(ONE_SIDE,))
def scale_image(
    image: Image,
    width: Annotated[int, Range(0, MAX_SIDE)] = 512,
    height: Annotated[int, Range(0, MAX_SIDE)] = 512,
    method: ImageMethod = "lanczos",
    crop: Literal["none", "centre"] = "none",
    multiple_of: Annotated[int, Range(1, 256)] = 1,
) -> Image:
    """Makes images larger or smaller, to a width and height in pixels, by the method that you choose.

    Images (B, 3, H, W) become (B, 3, height, width). A side of 0 follows from the other one and the proportions.
    ``crop`` centre cuts what would be squeezed; none squeezes. Both sides are rounded to the nearest multiple of
    ``multiple_of``. nearest-exact, bilinear, area and bicubic are torch's; lanczos is Pillow's, on 8-bit values;
    "bicubic, smooth" blurs before it makes smaller, so that fine patterns give no moire.

    Beside hard edges bicubic goes a little beyond black and white; that stays in the values, and is cut off where an
    image is shown or saved.

    Fails when both sides are 0.
    """
    old_height, old_width = image.pixels.shape[-2:]
    width = width or max(1, round(old_width * height / old_height))
    height = height or max(1, round(old_height * width / old_width))
    return scaled(image, width, height, method, crop == "centre", multiple_of)


@node("Scale image by", version=2)
def scale_image_by(
    image: Image,
    factor: Annotated[float, Range(0.01, 16)] = 2.0,
    method: ImageMethod = "lanczos",
    multiple_of: Annotated[int, Range(1, 256)] = 1,
) -> Image:
    """Makes images larger or smaller by a factor.

    Images (B, 3, H, W) become (B, 3, factor H, factor W), rounded to the nearest multiple of ``multiple_of``. The
    methods are those of *Scale image*. Fails when a side would have more than 16,384 pixels.
    """
    height, width = image.pixels.shape[-2:]
    return scaled(image, round(width * factor), round(height * factor), method, False, multiple_of)


@node("Scale image to megapixels", version=2)
def scale_image_to_megapixels(
    image: Image,
    megapixels: Annotated[float, Range(0.01, 64)] = 1.0,
    method: ImageMethod = "lanczos",
    multiple_of: Annotated[int, Range(1, 256)] = 1,
) -> Image:
    """Makes images larger or smaller, to an area, and keeps their proportions.

    A megapixel is 1024 x 1024 pixels. Both sides are rounded to the nearest multiple of ``multiple_of``. The methods
    are those of *Scale image*.
    """
    height, width = image.pixels.shape[-2:]
    factor = (megapixels * 1024 * 1024 / (width * height)) ** 0.5
    return scaled(image, round(width * factor), round(height * factor), method, False, multiple_of)


@node("Scale image to longest side", version=2)
def scale_image_to_longest_side(
    image: Image,
    longest: Annotated[int, Range(1, MAX_SIDE)] = 1024,
    method: ImageMethod = "lanczos",
    multiple_of: Annotated[int, Range(1, 256)] = 1,
) -> Image:
    """Makes images larger or smaller to a longest side, and keeps their proportions.

    The longer side gets ``longest`` pixels; both are rounded to the nearest multiple of ``multiple_of``. The methods
    are those of *Scale image*.
    """
    height, width = image.pixels.shape[-2:]
    factor = longest / max(width, height)
    return scaled(image, round(width * factor), round(height * factor), method, False, multiple_of)


@node("Scale image into", version=2)
def scale_image_into(
    image: Image,
    width: Annotated[int, Range(1, MAX_SIDE)] = 1024,
    height: Annotated[int, Range(1, MAX_SIDE)] = 1024,
    method: ImageMethod = "lanczos",
    change: Literal["always", "only smaller", "only larger"] = "always",
    multiple_of: Annotated[int, Range(1, 256)] = 1,
) -> Image:
    """Makes images as large as fits into a width and height, and keeps their proportions.

    One side is then as long as it may be, the other at most. ``change`` lets an image alone that would become larger,
    or smaller. Both sides are rounded to the nearest multiple of ``multiple_of``. The methods are those of *Scale
    image*.
    """
    old_height, old_width = image.pixels.shape[-2:]
    factor = min(width / old_width, height / old_height)
    if (change == "only smaller" and factor > 1) or (change == "only larger" and factor < 1):
        factor = 1.0
    return scaled(image, round(old_width * factor), round(old_height * factor), method, False, multiple_of)


def scaled(image: Image, width: int, height: int, method: str, crop: bool, multiple_of: int) -> Image:
    """Return images in a size that is rounded to multiples; NodeError where that is too large."""
    width, height = (max(round(side / multiple_of), 1) * multiple_of for side in (width, height))
    if max(width, height) > MAX_SIDE:
        raise NodeError(f"the image would be {width} x {height}; {MAX_SIDE:,} pixels along a side is the most")
    pixels: Tensor = centre_crop(image.pixels, width, height) if crop else image.pixels
    return Image(IMAGE_METHODS[method](pixels, width, height))
