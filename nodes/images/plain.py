"""Images of one colour, images several times, and images fitted into a size with room around them."""

from __future__ import annotations

import re
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Image
from nodes import written
from nodes.images.resampling.methods import IMAGE_METHODS, ImageMethod
from nodes.images.scaling import scaled
from nodes.written import COLOUR

MAX_SIDE, MOST = 16_384, 1024
LARGEST = 2**28
"""Pixels of all images of a batch."""
SIZES = (
    "672x1568, 688x1504, 720x1456, 752x1392, 800x1328, 832x1248, 880x1184, 944x1104, 1024x1024, 1104x944, 1184x880, "
    "1248x832, 1328x800, 1392x752, 1456x720, 1504x688, 1568x672"
)
"""The sizes that FLUX.1 Kontext was trained in (arXiv:2506.15742)."""
SIZE = re.compile(r"\s*(\d{1,5})\s*[x*:]\s*(\d{1,5})\s*")


def colour_of(colour: str) -> Tensor:
    """Return a colour that is written as #rrggbb as (3, 1, 1), 0 to 1. Raises NodeError for any other."""
    if not re.fullmatch(COLOUR.pattern, colour):
        raise NodeError(f"{colour!r} is no colour; write it as #rrggbb, such as #ff0000 for red")
    digits = colour.strip()[1:]
    return torch.tensor([int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]).view(3, 1, 1)


@node("Plain image")
def plain_image(
    width: Annotated[int, Range(1, MAX_SIDE)] = 512,
    height: Annotated[int, Range(1, MAX_SIDE)] = 512,
    count: Annotated[int, Range(1, MOST)] = 1,
    colour: Annotated[str, COLOUR] = "#000000",
) -> Image:
    """Makes images of one colour: a ground to lay others on.

    ``count`` images (count, 3, height, width); ``colour`` is written as #rrggbb. Fails for a colour that is written in
    another way, and for more than 268 million pixels.
    """
    _bounded(width * height * count)
    return Image(colour_of(colour).expand(count, 3, height, width).clone())


@node("Repeat image")
def repeat_image(image: Image, count: Annotated[int, Range(1, MOST)] = 2) -> Image:
    """Makes a batch of the same images several times.

    (B, 3, H, W) becomes (count B, 3, H, W), the whole batch one time after the other. Fails for more than 268 million
    pixels.
    """
    images, _, height, width = image.pixels.shape
    _bounded(images * height * width * count)
    return Image(image.pixels.repeat(count, 1, 1, 1))


@node("Fit image into")
def fit_image_into(
    image: Image,
    width: Annotated[int, Range(1, MAX_SIDE)] = 512,
    height: Annotated[int, Range(1, MAX_SIDE)] = 512,
    colour: Annotated[str, COLOUR] = "#000000",
    method: ImageMethod = "lanczos",
) -> Image:
    """Scales images so that they just fit into a size, and fills the room around them with a colour.

    Images (B, 3, H, W) become (B, 3, height, width), in the middle, with their proportions. ``colour`` is written as
    #rrggbb; the methods are those of *Scale image*. Fails for a colour that is written in another way.
    """
    old_height, old_width = image.pixels.shape[-2:]
    factor = min(width / old_width, height / old_height)
    inner_width, inner_height = (max(int(side * factor), 1) for side in (old_width, old_height))
    inner = IMAGE_METHODS[method](image.pixels, inner_width, inner_height).clamp(0, 1)
    found = colour_of(colour).to(inner).expand(len(inner), 3, height, width).clone()
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    found[..., top : top + inner_height, left : left + inner_width] = inner
    return Image(found)


@node("Scale image to nearest size", version=2)
def scale_image_to_nearest_size(
    image: Image, sizes: Annotated[str, written.SIZES] = SIZES, method: ImageMethod = "lanczos"
) -> Image:
    """Scales images to the one of several sizes whose proportions are nearest to theirs.

    Models that edit images were trained in a few sizes of about the same area; as usual those of FLUX.1 Kontext stand
    here. ``sizes`` are width x height with commas between. What is too much is cut off equally on both sides. Images
    (B, 3, H, W) become (B, 3, height, width); the methods are those of *Scale image*.

    Fails where ``sizes`` are written in another way.
    Paper: Black Forest Labs 2025, FLUX.1 Kontext (arXiv:2506.15742).
    """
    found = [SIZE.fullmatch(part) for part in sizes.split(",") if part.strip()]
    known = [(int(part[1]), int(part[2])) for part in found if part is not None and int(part[1]) and int(part[2])]
    if not known or len(known) != len(found):
        raise NodeError(f"{sizes[:60]!r} are no sizes; write them as 1024x1024, 1248x832")
    height, width = image.pixels.shape[-2:]
    _, columns, rows = min((abs(width / height - columns / rows), columns, rows) for columns, rows in known)
    return scaled(image, columns, rows, method, True, 1)


def _bounded(pixels: int) -> None:
    if pixels > LARGEST:
        raise NodeError(f"these would be {pixels:,} pixels, and {LARGEST:,} is the most; make fewer or smaller ones")
