"""Closed curves as arrays of points: float32 [points, 2] of (x, y), y downwards, about -1..1."""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating]


def polygon(*corners: tuple[float, float]) -> Points:
    """Straight edges between the corners."""
    return np.array(corners, np.float32)


def ellipse(x: float, y: float, width: float, height: float, tilt: float = 0.0, points: int = 40) -> Points:
    """Ellipse with half axes `width` and `height`, turned by `tilt` degrees."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    curve = np.stack([width * np.cos(angle), height * np.sin(angle)], -1)
    return turned(curve, tilt) + np.array([x, y], np.float32)


def turned(points: Points, degrees: float) -> Points:
    """The points rotated about the origin, clockwise on the screen."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (points @ np.array([[cosine, sine], [-sine, cosine]])).astype(np.float32)


def rounded(*corners: tuple[float, float], steps: int = 6) -> Points:
    """Smooth closed curve through the corners (Catmull and Rom, 1974)."""
    middle = np.array(corners, np.float32)
    before, after, beyond = np.roll(middle, 1, 0), np.roll(middle, -1, 0), np.roll(middle, -2, 0)
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[None, :, None]
    p0, p1, p2, p3 = before[:, None], middle[:, None], after[:, None], beyond[:, None]
    curve = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return curve.reshape(-1, 2).astype(np.float32)


def spikes(count: int, outer: float, inner: float) -> Points:
    """Star-shaped polygon with its first tip upwards."""
    angle = np.pi * np.arange(2 * count) / count
    radius = np.where(np.arange(2 * count) % 2 == 0, outer, inner)
    return np.stack([radius * np.sin(angle), -radius * np.cos(angle)], -1).astype(np.float32)


def arc_band(x: float, y: float, outer: float, inner: float, start: float, end: float, points: int = 24) -> Points:
    """Part of a ring from `start` to `end` degrees (0 points right, 90 points down)."""
    angle = np.radians(np.linspace(start, end, points))
    ray = np.stack([np.cos(angle), np.sin(angle)], -1)
    return (np.concatenate([outer * ray, inner * ray[::-1]]) + np.array([x, y])).astype(np.float32)
