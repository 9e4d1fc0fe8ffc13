"""Place where a text leads: its rectangle in cells, and how much its prediction counts in each cell of that."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError
from nodeflow.wires import Area, Conditioning, Region
from nodes.masks.masks import proportioned

RAMP = 8
"""Cells over which a rectangle's weight falls off at the edges that lie inside the image."""
LEAST_BOUND = 8
"""Cells on a side of the rectangle around a mask, at least."""


class CellBox(NamedTuple):
    """A rectangle of cells."""

    height: int
    width: int
    top: int
    left: int

    def of(self, x: Tensor) -> Tensor:
        """That part of x (B, C, h, w)."""
        return x[..., self.top : self.top + self.height, self.left : self.left + self.width]

    def holds(self, other: CellBox) -> bool:
        """Whether the other lies in it, where both begin no later than they may; as ComfyUI compares them."""
        return (
            other.top >= self.top
            and other.left >= self.left
            and self.height + self.top >= other.height + other.top
            and self.width + self.left >= other.width + other.left
        )


class RegionPart(NamedTuple):
    """A text with its region, and the rectangle that this means in a latent; None is all of it."""

    text: Conditioning
    region: Region
    box: CellBox | None

    def in_place_of(self, other: RegionPart) -> RegionPart:
        """This text in the other's region."""
        return RegionPart(self.text, other.region, other.box)


def apart(conditioning: Conditioning) -> tuple[Conditioning, ...]:
    """All texts that lead together, each with its region alone."""
    return replace(conditioning, beside=()), *(one for beside in conditioning.beside for one in apart(beside))


def is_plain(conditioning: Conditioning) -> bool:
    """Whether it is a single text that leads everywhere and always."""
    return conditioning.region is None and not conditioning.beside


def adds_up(conditioning: Conditioning) -> bool:
    """Whether texts add up rather than being averaged."""
    return any(text.region is not None and text.region.summed for text in apart(conditioning))


def check_plain(*texts: Conditioning | None) -> None:
    """Raises NodeError for texts in regions, where there is no use for them."""
    if not all(text is None or is_plain(text) for text in texts):
        raise NodeError("this node takes a single text that leads everywhere; wire one without regions beside it")


def placed(text: Conditioning, height: int, width: int, pixels: int) -> RegionPart:
    """A text with its rectangle in a latent of h by w cells, each of so many ``pixels`` on a side.

    Raises NodeError for a rectangle that lies outside.
    """
    region = text.region or Region()
    box = None
    if region.area is not None:
        box = _cells(region.area, height, width, pixels)
    elif region.bounded and region.mask is not None:
        box = _around(proportioned(region.mask, height, width, region.fit), height, width)
    return RegionPart(text, region, box)


def counted(part: RegionPart, x: Tensor) -> Tensor:
    """How much a part counts in each cell of its rectangle, (1 or B, 1, h, w), of x (B, C, H, W)."""
    box = part.box or whole(x)
    mask = part.region.mask
    if mask is None:
        weights = x.new_ones(1, 1, box.height, box.width, dtype=torch.float32) * part.region.strength
        return weights if part.box is None else weights * _ramps(box, x.shape[-2], x.shape[-1]).to(weights)
    if len(mask) not in (1, len(x)):
        raise NodeError(f"{len(mask)} masks do not fit {len(x)} images; give one, or one for each")
    height, width = x.shape[-2:]
    mask = proportioned(mask, height, width, part.region.fit)
    return box.of(resized(mask, height, width).to(x.device)) * part.region.strength


def whole(x: Tensor) -> CellBox:
    return CellBox(int(x.shape[-2]), int(x.shape[-1]), 0, 0)


def resized(mask: Tensor, height: int, width: int) -> Tensor:
    """A mask (B, 1, H, W) for each cell."""
    if mask.shape[-2:] == (height, width):
        return mask.float()
    return interpolate(mask.float(), (height, width), mode="bilinear")


def beside_areas(parts: list[RegionPart], others: list[RegionPart]) -> list[RegionPart]:
    """Parts, and for each rectangle of the others that none of them has, the best fitting of them there too.

    So positive and negative text are compared on the same rectangle, as ComfyUI does.
    """
    found = list(parts)
    for other in others:
        if other.box is None:
            continue
        best = _closest(found, other.box)
        if best is not None and best.box != other.box:
            found.append(best.in_place_of(other))
    return found


def _closest(parts: list[RegionPart], box: CellBox) -> RegionPart | None:
    """The part of the smallest rectangle that holds another; without one, the first that is everywhere."""
    around = [part for part in parts if part.box is not None and part.box.holds(box)]
    if around:
        return min(around, key=_size)
    return next((part for part in parts if part.box is None), None)


def _size(part: RegionPart) -> int:
    return part.box.height * part.box.width if part.box is not None else 0


def _cells(area: Area, height: int, width: int, pixels: int) -> CellBox:
    given = (area.height, area.width, area.top, area.left)
    if area.shares:
        sides = [round(side * length) for side, length in zip(given, (height, width, height, width), strict=True)]
    else:
        sides = [int(side // pixels) for side in given]
    tall, wide, top, left = sides
    if top >= height or left >= width:
        raise NodeError(
            f"an area begins {left * pixels} pixels from the left and {top * pixels} from the top, and the image has "
            f"{width * pixels} x {height * pixels}; move it into the image"
        )
    return CellBox(min(max(tall, 1), height - top), min(max(wide, 1), width - left), top, left)


def _around(mask: Tensor, height: int, width: int) -> CellBox:
    """The rectangle around all that a mask marks, of all its images. Raises NodeError for an empty one."""
    marked = resized(mask, height, width).abs().amax((0, 1)) > 0
    rows, columns = marked.any(1).nonzero()[:, 0], marked.any(0).nonzero()[:, 0]
    if not len(rows):
        raise NodeError("the mask of a region marks no place; draw something into it")
    top, left = int(rows[0]), int(columns[0])
    tall, wide = (max(int(found[-1] - found[0]) + 1, LEAST_BOUND) for found in (rows, columns))
    return CellBox(min(tall, height - top), min(wide, width - left), top, left)


def _ramps(box: CellBox, height: int, width: int) -> Tensor:
    """(h, w), from 1/r at an edge inside the image to 1 after r cells, r at most 8 and a quarter of the side."""
    down = _ramp(box.height, box.top != 0, box.top + box.height < height)
    across = _ramp(box.width, box.left != 0, box.left + box.width < width)
    return down[:, None] * across


def _ramp(side: int, first: bool, last: bool) -> Tensor:
    found = torch.ones(side)
    count = min(RAMP, side // 4)
    rising = torch.arange(1, count + 1) / max(count, 1)
    if first:
        found[:count] *= rising
    if last and count:
        found[-count:] *= rising.flip(0)
    return found
