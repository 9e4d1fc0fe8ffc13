"""A drawing of a network: a box for each block, as deep as its map is coarse. No nodes here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from PIL import Image as Pillow
from PIL import ImageDraw
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.wires import Image

SIDE, GAP, STEP, MARGIN = 40, 10, 54, 14
"""Pixels of a box, between two boxes, down to the next level, around the drawing."""
GLOW = (0.92, 0.42, 0.1)
GROUND, LINE, TEXT, TIME = (24, 26, 31), (96, 104, 120), (98, 160, 234), (214, 180, 90)


class DrawnBlock(NamedTuple):
    """A block: its name, where its features are large (h, w), and what comes in beside them."""

    name: str
    map: Tensor
    told: str


def places(boxes: Sequence[DrawnBlock]) -> tuple[tuple[int, int, int], ...]:
    """Left, top and side of each box in pixels of the drawing."""
    return tuple((MARGIN + at * (SIDE + GAP), MARGIN + level * STEP, SIDE) for at, level in enumerate(_levels(boxes)))


def _levels(boxes: Sequence[DrawnBlock]) -> list[int]:
    """How deep each box lies: 0 where its map is as fine as the finest."""
    finest = max(_side(box) for box in boxes)
    return [min(round(math.log2(finest / _side(box))), 5) if _side(box) > 1 else 0 for box in boxes]


def draw_network(boxes: Sequence[DrawnBlock]) -> Image:
    """The boxes in their order from left to right, (1, 3, H, W); a blue edge takes the text, a yellow dot the time."""
    levels = _levels(boxes)
    width = 2 * MARGIN + len(boxes) * (SIDE + GAP) - GAP
    sheet = Pillow.new("RGB", (width, 2 * MARGIN + SIDE + max(levels) * STEP), GROUND)
    draw = ImageDraw.Draw(sheet)
    corners = [(x, y) for x, y, _ in places(boxes)]
    for (x, y), (u, v) in pairwise(corners):
        draw.line([(x + SIDE, y + SIDE // 2), (u, v + SIDE // 2)], LINE, 2)
    for first, last in skips([level if _side(box) > 1 else -1 for box, level in zip(boxes, levels, strict=True)]):
        (x, y), (u, _) = corners[first], corners[last]
        draw.line([(x + SIDE, y + 4), (u, y + 4)], LINE, 1)
    for box, (x, y) in zip(boxes, corners, strict=True):
        pixels = (glow(box.map, SIDE)[0].permute(1, 2, 0) * 255).round().to(torch.uint8)
        sheet.paste(Pillow.fromarray(pixels.contiguous().numpy()), (x, y))
        draw.rectangle((x, y, x + SIDE - 1, y + SIDE - 1), outline=TEXT if "text" in box.told else LINE, width=2)
        if "time" in box.told:
            draw.ellipse((x + SIDE - 11, y + 4, x + SIDE - 5, y + 10), TIME)
    whole = torch.frombuffer(bytearray(sheet.tobytes()), dtype=torch.uint8).reshape(sheet.height, sheet.width, 3)
    return Image(whole.permute(2, 0, 1)[None].float() / 255)


def skips(levels: Sequence[int]) -> list[tuple[int, int]]:
    """The pairs of boxes of one level with deeper ones between them, the outermost of each level."""
    found = []
    deepest = max(levels)
    middle = levels.index(deepest)
    for level in range(deepest):
        before = [at for at in range(middle) if levels[at] == level]
        after = [at for at in range(middle, len(levels)) if levels[at] == level]
        if before and after:
            found.append((before[-1], after[0]))
    return found


def glow(map_of: Tensor, side: int) -> Tensor:
    """(1, 3, side, side) of a map (h, w): black where it is least, orange where it is greatest."""
    low, high = map_of.min(), map_of.max()
    share = (map_of - low) / (high - low).clamp(min=1e-12) if map_of.numel() > 1 else torch.full_like(map_of, 0.25)
    shown = interpolate(share[None, None], (side, side), mode="nearest")
    return shown * torch.tensor(GLOW)[None, :, None, None]


def _side(box: DrawnBlock) -> int:
    return max(box.map.shape)
