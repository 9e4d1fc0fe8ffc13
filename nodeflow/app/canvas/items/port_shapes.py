"""Shapes of ports by the type of what flows through them, so that types are told apart without colour."""

from __future__ import annotations

import functools
import math
import zlib

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from nodeflow.graph.model.catalogue import ANY, is_list, item_type

SHAPES = ("circle", "square", "diamond", "triangle", "hexagon", "pentagon", "cross", "star", "drop", "bar")
_OF_TYPE = {
    "Image": "circle",
    "Latent": "square",
    "Mask": "drop",
    "Conditioning": "diamond",
    "Embedding": "diamond",
    "TextEncoder": "pentagon",
    "Denoiser": "triangle",
    "Model": "triangle",
    "Guider": "hexagon",
    "Vae": "star",
    "VAE": "star",
    "Noise": "cross",
    "Schedule": "bar",
    "Sigmas": "bar",
    "Sampler": "bar",
    "str": "circle",
    "int": "circle",
    "float": "circle",
    "bool": "circle",
    ANY: "circle",
}


def shape_of(wire_type: str) -> str:
    """The name of a type's shape; a list has that of its items. Types of other packs share out the shapes."""
    name = item_type(wire_type).rpartition(".")[2]
    return _OF_TYPE.get(name) or SHAPES[zlib.crc32(name.encode()) % len(SHAPES)]


@functools.cache
def outline(wire_type: str, radius: float) -> QPainterPath:
    """The outline of a type's ports around the origin, about as large as a circle of a radius; of a list with a ring
    around it."""
    path = _outline(shape_of(wire_type), radius)
    if is_list(wire_type):
        path.addEllipse(QPointF(), radius + 3.2, radius + 3.2)
    return path


def _outline(shape: str, radius: float) -> QPainterPath:
    path = QPainterPath()
    side = radius * 0.88
    match shape:
        case "circle":
            path.addEllipse(QPointF(), radius, radius)
        case "square":
            path.addRect(QRectF(-side, -side, 2 * side, 2 * side))
        case "bar":
            path.addRect(QRectF(-radius * 0.6, -radius * 1.15, radius * 1.2, radius * 2.3))
        case "cross":
            arm = radius * 0.42
            for x, y in _CROSS:
                place = QPointF(*(math.copysign(radius * 1.1 if abs(part) == 2 else arm, part) for part in (x, y)))
                path.lineTo(place) if path.elementCount() else path.moveTo(place)
            path.closeSubpath()
        case "drop":
            path.moveTo(0, -radius * 1.35)
            path.cubicTo(radius * 1.6, radius * 0.2, radius * 0.9, radius * 1.1, 0, radius * 1.1)
            path.cubicTo(-radius * 0.9, radius * 1.1, -radius * 1.6, radius * 0.2, 0, -radius * 1.35)
        case "star":
            _polygon(path, 10, radius * 1.3, radius * 0.62)
        case _:
            corners = {"diamond": 4, "triangle": 3, "hexagon": 6, "pentagon": 5}[shape]
            _polygon(path, corners, radius * (1.3 if corners < 5 else 1.15))
    return path


_CROSS = ((1, -2), (1, -1), (2, -1), (2, 1), (1, 1), (1, 2), (-1, 2), (-1, 1), (-2, 1), (-2, -1), (-1, -1), (-1, -2))
"""Corners of a plus: 1 for the half width of an arm, 2 for its length."""


def _polygon(path: QPainterPath, corners: int, radius: float, inner: float = 0.0) -> None:
    """An even polygon that points up (a triangle to the right, the way of a wire); ``inner``: the radius of every
    second corner."""
    start = 0.0 if corners == 3 else -math.pi / 2
    for number in range(corners):
        far = inner if inner and number % 2 else radius
        angle = start + 2 * math.pi * number / corners
        place = QPointF(far * math.cos(angle), far * math.sin(angle))
        path.lineTo(place) if number else path.moveTo(place)
    path.closeSubpath()
