"""Small edits of images: padded, cut, turned, inverted, mixed, put side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import DrawnNumber, NodeError, Range, Slider, node
from nodeflow.wires import Image, Mask
from nodes.images.resampling.methods import IMAGE_METHODS

MAX_SIDE = 16_384
"""Pixels along a side of an image."""
GREY = 0.5

Blend = Literal["normal", "multiply", "screen", "overlay", "soft light", "difference", "lighten", "darken"]


class Padded(NamedTuple):
    """An image with room around it, and where that room is."""

    image: Image
    mask: Mask


@node("Pad for outpainting")
def pad_for_outpainting(
    image: Image,
    left: Annotated[int, Range(0, MAX_SIDE)] = 0,
    top: Annotated[int, Range(0, MAX_SIDE)] = 0,
    right: Annotated[int, Range(0, MAX_SIDE)] = 128,
    bottom: Annotated[int, Range(0, MAX_SIDE)] = 0,
    feather: Annotated[int, Range(0, MAX_SIDE)] = 40,
) -> Padded:
    """Puts grey room around images, and a mask that is 1 there, to paint it in.

    Images (B, 3, H, W) become (B, 3, top + H + bottom, left + W + right); the mask is (1, 1, ...) of that size. Over
    ``feather`` pixels inside of the image the mask falls to 0 with the square of the distance, on the sides that are
    padded, so that new and old flow together. A feather of half the image or more is left out.
    """
    _, _, height, width = image.pixels.shape
    size = (top + height + bottom, left + width + right)
    if max(size) > MAX_SIDE:
        raise NodeError(f"the image would be {size[1]} x {size[0]}; {MAX_SIDE:,} pixels along a side is the most")
    pixels = image.pixels.new_full((len(image.pixels), 3, *size), GREY)
    pixels[..., top : top + height, left : left + width] = image.pixels
    mask = torch.ones(1, 1, *size)
    mask[..., top : top + height, left : left + width] = _faded(height, width, feather, (top, bottom, left, right))
    return Padded(Image(pixels), Mask(mask))


def _faded(height: int, width: int, feather: int, padded: tuple[int, int, int, int]) -> Tensor:
    """The part of the mask that lies on the image: 0, and towards padded sides more."""
    if feather <= 0 or feather * 2 >= height or feather * 2 >= width:
        return torch.zeros(height, width)
    rows, columns = torch.arange(height)[:, None].float(), torch.arange(width)[None].float()
    far = float("inf")
    distances = [
        distance if room else torch.full_like(distance, far)
        for room, distance in zip(padded, (rows, height - rows, columns, width - columns), strict=True)
    ]
    nearest = torch.minimum(torch.minimum(distances[0], distances[1]), torch.minimum(distances[2], distances[3]))
    return ((feather - nearest).clamp(min=0) / feather) ** 2


@node("Crop image")
def crop_image(
    image: Image,
    x: Annotated[int, Range(0, MAX_SIDE), DrawnNumber("left", "image")] = 0,
    y: Annotated[int, Range(0, MAX_SIDE), DrawnNumber("top", "image")] = 0,
    width: Annotated[int, Range(1, MAX_SIDE), DrawnNumber("width", "image")] = 512,
    height: Annotated[int, Range(1, MAX_SIDE), DrawnNumber("height", "image")] = 512,
) -> Image:
    """Cuts a rectangle out of images, in pixels from the left and the top.

    Gives (B, 3, height, width), less where the rectangle reaches beyond the image.

    It can be drawn on an image: press D on the node.

    Fails when nothing of the image lies in the rectangle.
    """
    cut = image.pixels[..., y : y + height, x : x + width]
    if not cut.numel():
        size = f"{image.pixels.shape[-1]} x {image.pixels.shape[-2]}"
        raise NodeError(f"nothing of this image ({size} pixels) lies at x {x}, y {y}; choose a place inside")
    return Image(cut.contiguous())


@node("Turn image")
def turn_image(
    image: Image,
    way: Literal["quarter right", "half", "quarter left", "mirror left and right", "mirror top and bottom"] = "half",
) -> Image:
    """Turns or mirrors images.

    Images (B, 3, H, W) keep their values; quarter turns exchange H and W.
    """
    turns = {"quarter right": -1, "half": 2, "quarter left": 1}
    if way in turns:
        return Image(torch.rot90(image.pixels, turns[way], (2, 3)).contiguous())
    return Image(image.pixels.flip(3 if way == "mirror left and right" else 2))


@node("Invert image")
def invert_image(image: Image) -> Image:
    """Turns the colours of images round: what was dark is bright.

    Images (B, 3, H, W) become 1 minus themselves.
    """
    return Image(1 - image.pixels)


@node("Blend images")
def blend_images(
    first: Image, second: Image, share: Annotated[float, Slider(0, 1, 0.01)] = 0.5, way: Blend = "normal"
) -> Image:
    """Mixes two images, by one of the ways that paint programs have.

    ``second`` is laid on ``first`` in the chosen way, and counts by ``share``: (1 - share) first + share blended, each
    (B, 3, H, W). A second image of another size is brought to that of the first. A single image serves a whole batch.

    Fails when the two hold different numbers of images.
    """
    one, other = first.pixels, second.pixels
    if other.shape[-2:] != one.shape[-2:]:
        other = IMAGE_METHODS["bicubic"](other, one.shape[-1], one.shape[-2])
    if len({len(one), len(other)} - {1}) > 1:
        raise NodeError("the two hold different numbers of images; make them equal, or one of them single")
    return Image(torch.lerp(one, BLENDS[way](one, other), share).clamp(0, 1))


def _soft_light(one: Tensor, other: Tensor) -> Tensor:
    """W3C Compositing and Blending Level 1, section 9.1.9."""
    root = torch.where(one <= 0.25, ((16 * one - 12) * one + 4) * one, one.sqrt())
    return torch.where(other <= 0.5, one - (1 - 2 * other) * one * (1 - one), one + (2 * other - 1) * (root - one))


BLENDS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "normal": lambda one, other: other.expand(max(len(one), len(other)), -1, -1, -1),
    "multiply": lambda one, other: one * other,
    "screen": lambda one, other: 1 - (1 - one) * (1 - other),
    "overlay": lambda one, other: torch.where(one <= 0.5, 2 * one * other, 1 - 2 * (1 - one) * (1 - other)),
    "soft light": _soft_light,
    "difference": lambda one, other: (one - other).abs(),
    "lighten": torch.maximum,
    "darken": torch.minimum,
}


@node("Stitch images")
def stitch_images(
    first: Image,
    second: Image,
    direction: Literal["right", "down", "left", "up"] = "right",
    gap: Annotated[int, Range(0, 1024)] = 0,
) -> Image:
    """Puts two images side by side: the second beside, below or above the first.

    The second is scaled so that the sides that meet are equal; between them are ``gap`` white pixels. Images
    (B, 3, H, W); a single image serves a whole batch.

    Fails when the two hold different numbers of images.
    """
    one, other = first.pixels, second.pixels
    if len({len(one), len(other)} - {1}) > 1:
        raise NodeError("the two hold different numbers of images; make them equal, or one of them single")
    axis = 3 if direction in ("right", "left") else 2
    height, width = one.shape[-2:]
    ratio = height / other.shape[-2] if axis == 3 else width / other.shape[-1]
    across, down = (max(1, round(side * ratio)) for side in (other.shape[-1], other.shape[-2]))
    size = (across, height) if axis == 3 else (width, down)
    if (other.shape[-1], other.shape[-2]) != size:
        other = IMAGE_METHODS["lanczos"](other, *size)
    count = max(len(one), len(other))
    parts = [one.expand(count, -1, -1, -1), other.expand(count, -1, -1, -1).to(one)]
    if gap:
        shape = list(parts[0].shape)
        shape[axis] = gap
        parts.insert(1, one.new_ones(shape))
    return Image(torch.cat(parts if direction in ("right", "down") else parts[::-1], axis))
