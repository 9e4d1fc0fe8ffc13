"""The field that a model of points has learned."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import torch

from nodeflow.node import Slider, node
from nodeflow.wires import Image, PlaneModel, Points
from nodes.plane.noise_paths import EARLIEST, LATEST, Meaning, exact, meaning, moment
from nodes.plane.plane_picture import BLUE, GREY, ORANGE, PlanePicture, grid

ARROWS = 21
"""Arrows along a side."""
SPACE = 6.0 / (ARROWS - 1)
FIELDS = {"score": "score", "to the clean point": "x_0", "way of the ODE": "velocity"}


class DrawnField(NamedTuple):
    """The field as an image, and how far it is from the exact one."""

    image: Image
    error: float


@node("Field in the plane")
def plane_field(
    model: PlaneModel,
    points: Points | None = None,
    t: Annotated[float, Slider(0.02, 0.98, 0.01)] = 0.3,
    field: Literal["score", "to the clean point", "way of the ODE"] = "score",
) -> DrawnField:
    """Draws what a model foresees all over the plane, as arrows at one time t.

    The score is the gradient of log p_t(x): it points to where noisy points are denser. ``to the clean point`` leads
    from x_t to the x_0 that is foreseen, the mean of all that it may have been; ``way of the ODE`` is where the
    probability-flow ODE goes from here, towards the points. Arrows are as long as their share of the longest.

    With ``points`` the exact field of just these is drawn in orange below, and ``error`` is the deviation of the
    learned one from it as a share of its own, at places where noisy points lie; without, it is 0.

    Papers: Song et al. 2021, Score-Based Generative Modeling through Stochastic Differential Equations
    (arXiv:2011.13456); the exact field: Karras et al. 2022 (arXiv:2206.00364), appendix B.3.
    """
    time = min(max(t, EARLIEST), LATEST)
    places = grid(ARROWS)
    learned = _arrows(meaning(model, places, torch.full((len(places),), time)), places, field)
    drawing, error = PlanePicture(), 0.0
    if points is not None:
        wanted = _arrows(exact(points, model.path, places, torch.full((len(places),), time)), places, field)
        longest = float(wanted.norm(dim=1).max().clamp(min=1e-9))
        drawing.points(points.values[:1500], GREY, opacity=0.3)
        drawing.arrows(places, places + wanted / longest * 1.4 * SPACE, ORANGE)
        error = _error(model, points, time, field)
    else:
        longest = float(learned.norm(dim=1).max().clamp(min=1e-9))
    drawing.arrows(places, places + learned / longest * 1.4 * SPACE, BLUE)
    return DrawnField(drawing.image(), error)


def _arrows(seen: Meaning, places: torch.Tensor, field: str) -> torch.Tensor:
    found: torch.Tensor = getattr(seen, FIELDS[field])
    if field == "to the clean point":
        return found - places
    return -found if field == "way of the ODE" else found


def _error(model: PlaneModel, points: Points, time: float, field: str) -> float:
    """The deviation from the exact field at noisy points, as a share of that field's size."""
    random = torch.Generator().manual_seed(0)
    x_0, times = points.values[:1000], torch.full((len(points.values[:1000]),), time)
    at = moment(model.path, times)
    x = at.alpha * x_0 + at.sigma * torch.randn(x_0.shape, generator=random)
    wanted = _arrows(exact(points, model.path, x, times), x, field)
    away = _arrows(meaning(model, x, times), x, field) - wanted
    return float((away.square().mean() / wanted.square().mean().clamp(min=1e-12)).sqrt())
