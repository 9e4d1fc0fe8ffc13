"""Sets of points to learn from, and how alike two of them are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import Range, Seed, Slider, node
from nodeflow.wires import Image, Points
from nodes.plane.plane_picture import BLUE, GREY, ORANGE, PlanePicture

Shape = Literal["swiss roll", "two moons", "eight islands", "two rings"]


def _swiss_roll(share: Tensor, random: torch.Generator) -> Tensor:
    angle = 1.5 * math.pi * (1 + 2 * share)
    return torch.stack([angle * angle.cos(), angle * angle.sin()], 1) / 6


def _two_moons(share: Tensor, random: torch.Generator) -> Tensor:
    angle = math.pi * share
    upper = torch.rand(len(share), generator=random) < 0.5
    x = torch.where(upper, angle.cos(), 1 - angle.cos())
    y = torch.where(upper, angle.sin(), 0.5 - angle.sin())
    return 1.4 * torch.stack([x - 0.5, y - 0.25], 1)


def _eight_islands(share: Tensor, random: torch.Generator) -> Tensor:
    angle = (8 * share).floor() * math.pi / 4
    return 2 * torch.stack([angle.cos(), angle.sin()], 1) + 0.06 * torch.randn(len(share), 2, generator=random)


def _two_rings(share: Tensor, random: torch.Generator) -> Tensor:
    angle = 2 * math.pi * share
    radius = torch.where(torch.rand(len(share), generator=random) < 0.4, 0.9, 2.0)
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], 1)


SHAPES: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "swiss roll": _swiss_roll,
    "two moons": _two_moons,
    "eight islands": _eight_islands,
    "two rings": _two_rings,
}
"""Points of each shape without noise, (N, 2), from shares (N,) of the way along it."""


class Drawn(NamedTuple):
    """Points, and how they look."""

    points: Points
    image: Image


@node("Points in the plane")
def plane_points(
    shape: Shape = "swiss roll",
    count: Annotated[int, Range(16, 20000)] = 2000,
    noise: Annotated[float, Slider(0, 0.5, 0.01)] = 0.05,
    seed: Annotated[int, Seed()] = 0,
) -> Drawn:
    """Draws points of a shape in the plane, as data that a small network learns within seconds.

    ``points`` (N, 2) lie between -3 and 3; ``noise`` is the deviation by which each is moved. A swiss roll is one long
    thin curve, two moons are two that nearly touch, eight islands are far from each other.
    """
    random = torch.Generator().manual_seed(seed)
    share = torch.rand(count, generator=random)
    values = SHAPES[shape](share, random)
    values = values + noise * torch.randn(count, 2, generator=random)
    return Drawn(Points(values), PlanePicture().points(values, BLUE).image())


class Alike(NamedTuple):
    """How alike two sets of points are."""

    coverage: float
    precision: float
    image: Image
    table: str


@node("Compare points")
def compare_points(points: Points, reference: Points, radius: Annotated[float, Slider(0.02, 1, 0.01)] = 0.2) -> Alike:
    """Tells how well points cover others, and how many of them lie where others lie.

    ``coverage`` is the share of the reference that has a point within ``radius``: a generator that left out a part of
    its data (mode collapse) covers little. ``precision`` is the share of the points that have one of the reference
    there. The image shows the reference in grey and the points in orange.

    Paper: precision and recall of generators: Kynkäänniemi et al. 2019 (arXiv:1904.06991).
    """
    distances = torch.cdist(reference.values, points.values)  # (reference, points)
    coverage = float((distances.amin(1) <= radius).double().mean())
    precision = float((distances.amin(0) <= radius).double().mean())
    image = PlanePicture().points(reference.values, GREY, opacity=0.4).points(points.values, ORANGE).image()
    return Alike(coverage, precision, image, f"coverage {coverage:.1%}\nprecision {precision:.1%}")
