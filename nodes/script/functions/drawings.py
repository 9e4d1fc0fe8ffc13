"""Drawings of the plane from -3 to 3: points, arrows, ways and maps as an image (1, 3, 256, 256)."""

from __future__ import annotations

import math

import torch
from PIL import Image, ImageDraw
from torch.nn.functional import interpolate

SIDE = 256
FINE = 2
REACH = 3.0
BLUE = (62, 112, 214)
ORANGE = (234, 120, 30)
GREY = (150, 154, 166)
COLD = (206, 220, 250)
WARM_GROUND = (253, 222, 190)


class PlaneDrawing:
    """A drawing on a ground, which may be a map (H, W) of values from 0 to 1."""

    def __init__(self, ground=None):
        self.sheet = Image.new("RGB", (SIDE * FINE, SIDE * FINE), (250, 250, 252))
        if ground is not None:
            shown = interpolate(ground.float()[None, None], (SIDE * FINE, SIDE * FINE), mode="bilinear")[0, 0]
            share = shown.flip(0).clamp(0, 1)[..., None]
            pixels = (1 - share) * torch.tensor(COLD) + share * torch.tensor(WARM_GROUND)
            self.sheet.paste(Image.fromarray(pixels.round().to(torch.uint8).numpy()))
        self.pen = ImageDraw.Draw(self.sheet, "RGBA")

    def points(self, values, colour, radius=1.2, opacity=0.7):
        reach = radius * FINE
        for x, y in places_of(values):
            self.pen.ellipse((x - reach, y - reach, x + reach, y + reach), (*colour, round(255 * opacity)))
        return self

    def ways(self, walks, colour, opacity=0.35):
        for walk in walks.transpose(0, 1):
            self.pen.line(places_of(walk), (*colour, round(255 * opacity)), FINE)
        return self

    def arrows(self, origins, ends, colour):
        for (x, y), (u, v) in zip(places_of(origins), places_of(ends), strict=True):
            length = math.hypot(u - x, v - y)
            if length < FINE / 2:
                continue
            self.pen.line([(x, y), (u, v)], colour, FINE)
            head, (a, b) = min(4.0 * FINE, 0.6 * length), ((u - x) / length, (v - y) / length)
            left = (u - head * (a - 0.5 * b), v - head * (b + 0.5 * a))
            right = (u - head * (a + 0.5 * b), v - head * (b - 0.5 * a))
            self.pen.polygon([(u, v), left, right], colour)
        return self

    def image(self):
        small = self.sheet.resize((SIDE, SIDE), Image.Resampling.BOX)
        pixels = torch.frombuffer(bytearray(small.tobytes()), dtype=torch.uint8).reshape(SIDE, SIDE, 3)
        return pixels.permute(2, 0, 1)[None].float() / 255


def places_of(values):
    """Pixels of points (N, 2); what lies far outside stays near the edge."""
    shown = values.detach().float().nan_to_num().clamp(-3 * REACH, 3 * REACH)
    scaled = (shown / REACH * 0.5 + 0.5) * SIDE * FINE
    return [(x, SIDE * FINE - y) for x, y in scaled.tolist()]


def plane_grid(side, reach=REACH):
    """Places (side * side, 2) all over the plane, row by row from below."""
    line = torch.linspace(-reach, reach, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)
