"""Drawings of the plane: points, arrows, ways and maps as an image. No nodes here."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from PIL import Image as Pillow
from PIL import ImageDraw
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.wires import Image

SIDE = 256
"""Pixels of a drawing."""
REACH = 3.0
"""It shows the plane from -3 to 3."""
FINE = 2
"""Points a pixel that it is drawn with, so that lines are smooth."""
BLUE, ORANGE, GREY = (62, 112, 214), (234, 120, 30), (150, 154, 166)
GROUND = (250, 250, 252)
COLD, WARM = (206, 220, 250), (253, 222, 190)
"""The least and the greatest of a map."""

Colour = tuple[int, int, int]


class PlanePicture:
    """An image of the plane that is drawn on step by step."""

    def __init__(self, ground: Tensor | None = None) -> None:
        """``ground``: a map (H, W) of values from 0 to 1, from the lower edge upwards, that lies below all else."""
        self._sheet = Pillow.new("RGB", (SIDE * FINE, SIDE * FINE), GROUND)
        if ground is not None:
            self._sheet.paste(_map(ground))
        self._draw = ImageDraw.Draw(self._sheet, "RGBA")

    def points(self, values: Tensor, colour: Colour, radius: float = 1.2, opacity: float = 0.7) -> PlanePicture:
        """Dots at (N, 2)."""
        reach = radius * FINE
        for x, y in self._places(values):
            self._draw.ellipse((x - reach, y - reach, x + reach, y + reach), (*colour, round(255 * opacity)))
        return self

    def ways(self, walks: Tensor, colour: Colour, opacity: float = 0.35) -> PlanePicture:
        """Lines through (S, N, 2): S places of each of N points."""
        for walk in walks.transpose(0, 1):
            self._draw.line(self._places(walk), (*colour, round(255 * opacity)), FINE)
        return self

    def arrows(self, origins: Tensor, ends: Tensor, colour: Colour, width: float = 1.0) -> PlanePicture:
        """Arrows from (N, 2) to (N, 2)."""
        for (x, y), (u, v) in zip(self._places(origins), self._places(ends), strict=True):
            length = math.hypot(u - x, v - y)
            if length < FINE / 2:
                continue
            self._draw.line([(x, y), (u, v)], colour, max(round(FINE * width), 1))
            head, (a, b) = min(4.0 * FINE * width, 0.6 * length), ((u - x) / length, (v - y) / length)
            left = (u - head * (a - 0.5 * b), v - head * (b + 0.5 * a))
            right = (u - head * (a + 0.5 * b), v - head * (b - 0.5 * a))
            self._draw.polygon([(u, v), left, right], colour)
        return self

    def image(self) -> Image:
        """Return what was drawn, (1, 3, SIDE, SIDE)."""
        small = self._sheet.resize((SIDE, SIDE), Pillow.Resampling.BOX)
        pixels = torch.frombuffer(bytearray(small.tobytes()), dtype=torch.uint8).reshape(SIDE, SIDE, 3)
        return Image(pixels.permute(2, 0, 1)[None].float() / 255)

    def _places(self, values: Tensor) -> list[tuple[float, float]]:
        """Pixels of (N, 2); what lies far outside stays near the edge."""
        shown = values.detach().float().nan_to_num().clamp(-3 * REACH, 3 * REACH)
        scaled = (shown / REACH * 0.5 + 0.5) * SIDE * FINE
        return [(x, SIDE * FINE - y) for x, y in scaled.tolist()]


def grid(side: int, reach: float = REACH) -> Tensor:
    """Places (side * side, 2) all over the plane, row by row from below."""
    line = torch.linspace(-reach, reach, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)


def side_by_side(images: Sequence[Image]) -> Image:
    """One batch of several images."""
    return Image(torch.cat([image.pixels for image in images]))


def _map(values: Tensor) -> Pillow.Image:
    shown = interpolate(values.detach().float()[None, None], (SIDE * FINE, SIDE * FINE), mode="bilinear")[0, 0]
    share = shown.flip(0).clamp(0, 1)[..., None]
    pixels = (1 - share) * torch.tensor(COLD) + share * torch.tensor(WARM)
    return Pillow.fromarray(pixels.round().to(torch.uint8).numpy())
