"""An image laid on another, at a place."""

from __future__ import annotations

from typing import Annotated

import torch
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Image, Mask
from nodes.images.editing import MAX_SIDE
from nodes.masks.masks import Fit, proportioned


@node("Lay image on")
def lay_image_on(
    below: Image,
    above: Image,
    mask: Mask | None = None,
    x: Annotated[int, Range(-MAX_SIDE, MAX_SIDE)] = 0,
    y: Annotated[int, Range(-MAX_SIDE, MAX_SIDE)] = 0,
    mask_fit: Fit = "refuse",
) -> Image:
    """Lays an image on another one of any size, at a place in pixels from its left and top.

    (B, 3, H, W), of the size of ``below``; what reaches beyond is cut off. A ``mask`` belongs to ``above`` and is
    brought to its size: 1 shows ``above``, 0 what lies below. A single image or mask serves a whole batch.

    Fails when images and mask differ in number, and for a mask of other proportions than ``above``, unless ``mask_fit``
    says to stretch it, or to cover the image with it and cut off what sticks out.
    """
    one, other = below.pixels, above.pixels.to(below.pixels)
    share = None if mask is None else in_size_of(mask, other, mask_fit)
    counts = {len(part) for part in (one, other, share) if part is not None} - {1}
    if len(counts) > 1:
        raise NodeError("the images and the mask differ in number; make them equal, or one of them single")
    return Image(laid(one.expand(max(counts, default=1), -1, -1, -1), other, share, x, y))


def in_size_of(mask: Mask, samples: torch.Tensor, fit: Fit) -> torch.Tensor:
    """A mask (B, 1, h, w) in the size of images or latents (B, C, H, W), by its values at the middle of each cell.

    Raises NodeError for a mask of other proportions, unless ``fit`` says what becomes of them.
    """
    height, width = samples.shape[-2:]
    values = proportioned(mask.values.to(samples), height, width, fit)
    return values if values.shape[-2:] == (height, width) else interpolate(values, (height, width), mode="bilinear")


def laid(one: torch.Tensor, other: torch.Tensor, share: torch.Tensor | None, x: int, y: int) -> torch.Tensor:
    """One batch (B, C, H, W) with another on it, of any size, at a place in cells; ``share``: how much of it counts."""
    height, width = one.shape[-2:]
    part = (..., slice(max(-y, 0), max(height - y, 0)), slice(max(-x, 0), max(width - x, 0)))
    above, found = other[part], one.clone()
    if above.numel():
        left, top = max(x, 0), max(y, 0)
        place = (..., slice(top, top + above.shape[-2]), slice(left, left + above.shape[-1]))
        found[place] = above if share is None else torch.lerp(found[place], above.expand_as(found[place]), share[part])
    return found
