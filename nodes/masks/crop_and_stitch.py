"""The part of an image around a mask, by itself and back in its place."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Area, Image, Mask
from nodes.images.resampling.methods import IMAGE_METHODS
from nodes.masks.masks import Fit, fitted, has_proportions


class Cropped(NamedTuple):
    """A part of images and of their mask, and where it lies."""

    image: Image
    mask: Mask
    area: Area


@node("Crop around mask")
def crop_around_mask(
    image: Image,
    mask: Mask,
    margin: Annotated[int, Range(0, 8192, 8)] = 64,
    multiple_of: Annotated[int, Range(1, 256)] = 8,
    mask_fit: Fit = "refuse",
) -> Cropped:
    """Cuts out what lies around a mask, to paint it anew at the size that a model likes best.

    Of images (B, 3, H, W) and masks (B, 1, H, W) it takes the rectangle around all that is above 0 in any of the
    masks, with ``margin`` pixels more on all sides as far as the image goes, and sides that are multiples of
    ``multiple_of``. Scale the image as you like before it is painted; *Stitch crop* brings it back, with ``area``.

    Fails for a mask without a place, and where the image is too small for sides that are such multiples.
    """
    values = fitted(mask, image.pixels, mask_fit)
    rows, columns = ((values > 0).flatten(0, 1).any(0).any(axis).nonzero().flatten() for axis in (1, 0))
    if not len(rows):
        raise NodeError("this mask is 0 everywhere, so that there is nothing to cut out; paint it where it shall be")
    height, width = image.pixels.shape[-2:]
    top, high = _span(int(rows[0]), int(rows[-1]) + 1, margin, multiple_of, height)
    left, wide = _span(int(columns[0]), int(columns[-1]) + 1, margin, multiple_of, width)
    part = (..., slice(top, top + high), slice(left, left + wide))
    return Cropped(Image(image.pixels[part].contiguous()), Mask(values[part].contiguous()), Area(high, wide, top, left))


def _span(first: int, end: int, margin: int, multiple: int, whole: int) -> tuple[int, int]:
    """Where a part begins, and how long it is."""
    start, stop = max(first - margin, 0), min(end + margin, whole)
    length = min(-(-(stop - start) // multiple), whole // multiple) * multiple
    if length < end - first:
        raise NodeError(
            f"the mask spans {end - first} of {whole} pixels, and no multiple of {multiple} between them holds it; pad "
            "the image, or choose a smaller multiple_of"
        )
    middle = (start + stop - length) // 2
    return min(max(middle, end - length, 0), first, whole - length), length


@node("Stitch crop")
def stitch_crop(image: Image, crop: Image, mask: Mask, area: Area, blend: Annotated[int, Range(0, 512)] = 8) -> Image:
    """Puts a part of an image back in its place, where its mask is, and keeps the rest to the last bit.

    ``image`` (B, 3, H, W) is the whole, ``crop`` the part, of any size; ``mask`` and ``area`` come from *Crop around
    mask*. Where the mask is 1 the part shows, and over twice ``blend`` pixels around it the two flow together. A single
    image serves a whole batch.

    Fails where the area lies outside of the image, and for images or masks that differ in number.
    """
    top, left, high, wide = (int(side) for side in (area.top, area.left, area.height, area.width))
    height, width = image.pixels.shape[-2:]
    if area.shares or top < 0 or left < 0 or top + high > height or left + wide > width or min(high, wide) < 1:
        raise NodeError(f"this area lies outside of the image of {width} x {height}; take it from the same image")
    counts = {len(image.pixels), len(crop.pixels), len(mask.values)} - {1}
    if len(counts) > 1:
        raise NodeError("image, crop and mask hold different numbers of images; make them equal, or one of them single")
    part = crop.pixels
    if part.shape[-2:] != (high, wide):
        part = IMAGE_METHODS["bicubic, smooth"](part, wide, high).clamp(0, 1)
    if not has_proportions(mask.values, high, wide):
        raise NodeError("this mask has other proportions than the area; take the one that came with it")
    share = fitted(mask, part, "stretch").to(part)
    if blend:
        share = torch.maximum(share, _spread(share, blend) * _inside(part, (top, left), (height, width), blend))
    result = image.pixels.expand(max(counts, default=1), -1, -1, -1).clone()
    place = result[..., top : top + high, left : left + wide]
    place.copy_(torch.where(share > 0, place.lerp(part.to(place), share.to(place)), place))
    return Image(result)


def _spread(share: Tensor, reach: int) -> Tensor:
    """A mask made larger by a reach, and soft over twice of it."""
    window = 2 * reach + 1
    return avg_pool2d(max_pool2d(share, window, 1, reach), window, 1, reach, count_include_pad=False)


def _inside(part: Tensor, place: tuple[int, int], whole: tuple[int, int], reach: int) -> Tensor:
    """Falling to 0 over a reach towards those edges of a part that lie inside of the whole, (1, 1, h, w)."""
    sides = []
    for length, start, end in zip(part.shape[-2:], place, whole, strict=True):
        at = torch.arange(length, dtype=part.dtype, device=part.device)
        before, behind = (
            (at / reach if start else at + 1),
            ((length - 1 - at) / reach if start + length < end else at + 1),
        )
        sides.append(torch.minimum(before, behind).clamp(max=1))
    return (sides[0][:, None] * sides[1][None])[None, None]
