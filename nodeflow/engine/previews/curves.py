"""Small drawings of values that are curves, for the node that gave them."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch
from PIL import Image as Pillow
from PIL import ImageDraw

from nodeflow.wires import Curve, Schedule, Sigmas

LINES = (96, 150, 232, 255), (214, 132, 62, 255), (86, 172, 110, 255), (190, 102, 190, 255)
GROUND = 140, 140, 150, 90
"""Seen on light ground and on dark."""
FINE = 3
"""Points a pixel that a line is drawn with, so that it is smooth."""
WIDEST = 768
"""Pixels of a drawing: a line needs no more, however large images may be shown."""
DOTS = 60
"""Of more points than these none is marked by itself."""

Points = list[tuple[float, float]]


def lines(value: Any) -> list[Points]:
    """The points of each line of a value that is a curve; none of any other."""
    if isinstance(value, Curve):
        curves = [_points(curve) for curve in (value, *value.others)]
        if value.logarithmic and all(y > 0 for curve in curves for _, y in curve):
            curves = [[(x, math.log10(y)) for x, y in curve] for curve in curves]
    else:
        curves = [_points(value)]
    return [curve for curve in curves if curve]


def _points(value: Any) -> Points:
    match value:
        case Sigmas():
            found = list(enumerate(value.values.tolist()))
        case Curve():
            found = list(zip(value.x.double().tolist(), value.y.double().tolist(), strict=True))
        case _ if hasattr(value, "begin") and isinstance(value, Schedule):  # the first is quick
            solver = value.begin("flow" if value.flow else "epsilon", torch.device("cpu"))
            found = list(enumerate(solver.sigmas.tolist()))
        case _:
            found = []
    return [(float(x), float(y)) for x, y in found if math.isfinite(x) and math.isfinite(y)]


def drawn(curves: list[Points], side: int) -> Pillow.Image:
    """Curves of one point or more on clear ground, ``side`` pixels wide and half as high.

    A line runs at 0, which lies within the drawing or on an edge of it.
    """
    side = min(side, WIDEST)
    wide, high = side * FINE, side * FINE // 2
    margin, width = wide / 24, max(round(wide / 192), 2)
    image = Pillow.new("RGBA", (wide, high))
    draw = ImageDraw.Draw(image)
    xs, ys = zip(*itertools.chain(*curves), strict=True)
    left, right, low, top = min(xs), max(xs), min(0.0, *ys), max(0.0, *ys)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - left) / ((right - left) or 1)
        up = (y - low) / ((top - low) or 1)
        return margin + across * (wide - 2 * margin), high - margin - up * (high - 2 * margin)

    ground = place(xs[0], 0.0)[1]
    draw.line([(margin, ground), (wide - margin, ground)], GROUND, width // 2)
    for curve, colour in zip(curves, itertools.cycle(LINES)):
        places = [place(x, y) for x, y in curve]
        draw.line(places, colour, width, joint="curve")
        radius = 1.5 * width if len(places) <= DOTS // 2 else width
        for x, y in places if len(places) <= DOTS else []:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)
    return image.resize((side, side // 2), Pillow.Resampling.BOX)
