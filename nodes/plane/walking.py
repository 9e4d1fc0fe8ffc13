"""Ways from noise to points that a trained model leads along."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import Range, Seed, Slider, Step, node
from nodeflow.wires import Image, PlaneModel, Points
from nodes.plane.noise_paths import EARLIEST, LATEST, Walk, langevin, times_of
from nodes.plane.plane_picture import BLUE, GREY, ORANGE, PlanePicture

Method = Literal["probability-flow ODE", "reverse SDE", "Langevin at one level", "annealed Langevin"]
DRAWN = 60
"""Points whose ways are drawn."""
STEP_SIZE = 0.2
"""Of Langevin dynamics, in units of sigma²."""
LEVELS = 12
"""Noise levels of annealed Langevin dynamics."""


class Walked(NamedTuple):
    """Where the points came to, their ways as an image, and how long these are."""

    points: Points
    image: Image
    length: float


@node("Walk in the plane")
def plane_walk(
    model: PlaneModel,
    method: Method = "probability-flow ODE",
    steps: Annotated[int, Range(1, 2000)] = 60,
    level: Annotated[float, Slider(0.02, 0.9, 0.01)] = 0.05,
    count: Annotated[int, Range(8, 5000)] = 800,
    seed: Annotated[int, Seed()] = 0,
) -> Generator[Step, None, Walked]:
    """Leads points from noise to where the data lies, by one of four methods.

    - the probability-flow ODE is sure: one noise, one point, on smooth ways; few steps do
    - the reverse SDE adds fresh noise at each step and corrects itself by it; it needs more steps
    - Langevin at one level climbs the score of one noise level t = ``level`` and adds noise, from random places: where
      the noise is weak, the score far from the data was never learned, and islands are not weighed rightly
    - annealed Langevin does so along twelve levels from strong noise to weak: that is why noise levels matter

    ``points`` are the ends; ``image`` shows the ways of 60 of them; ``length`` is the median length of a way in units
    of the straight distance between its ends: 1 is a straight line, as rectified flow is to have them.

    Papers: Song & Ermon 2019, Generative Modeling by Estimating Gradients of the Data Distribution (arXiv:1907.05600);
    Song et al. 2021 (arXiv:2011.13456).
    """
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 2, generator=random)
    x = 2.4 * torch.rand(count, 2, generator=random).sub(0.5).mul(2) if method == "Langevin at one level" else x
    walk = Walk(model, times_of(steps), random if method == "reverse SDE" else None)
    level = min(max(level, EARLIEST), LATEST)

    def advance(x: Tensor, index: int) -> Tensor:
        if method == "Langevin at one level":
            return langevin(model, x, level, STEP_SIZE, random)
        if method == "annealed Langevin":
            place = index * LEVELS // steps
            time = LATEST * (level / LATEST) ** (place / (LEVELS - 1))
            return langevin(model, x, time, STEP_SIZE, random)
        return walk.step(x, index)

    places = [x]
    for index in range(steps):
        x = advance(x, index)
        places.append(x)
        if (index + 1) % max(steps // 20, 1) == 0 or index + 1 == steps:
            yield Step(index + 1, steps, PlanePicture().points(x, ORANGE).image())
    ways = torch.stack(places)
    straight = (ways[-1] - ways[0]).norm(dim=1).clamp(min=1e-6)
    length = float(((ways[1:] - ways[:-1]).norm(dim=2).sum(0) / straight).median())
    shown = ways[:, :DRAWN]
    drawing = PlanePicture().ways(shown, GREY, 0.4).points(ways[0, :DRAWN], BLUE, 1.0).points(x, ORANGE)
    return Walked(Points(x), drawing.image(), length)
