"""Guidance as arrows: the predictions of a step in the plane of two components."""

from __future__ import annotations

from torch import Tensor

from nodeflow.engine.inspect.image_views import chosen, one_of
from nodeflow.engine.inspect.trajectory_quantities import frame_of
from nodeflow.node import NodeError
from nodeflow.views import Chart, Option, Series, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Trajectory

NO_PLANE = "this step has no prediction without the text, so there is no direction to draw"


def plane(arrows: tuple[Tensor, ...], direction: Tensor) -> list[tuple[float, float]]:
    """The ends of arrows (D,) along a direction and across it, in units of the direction's length.

    The second axis is what the last arrow has beyond the first one; the arrows' part off the plane is left out.
    """
    first = direction / direction.norm().clamp(min=1e-12)
    rest = arrows[-1] - (arrows[-1] @ first) * first
    second = rest / rest.norm() if float(rest.norm()) > 1e-9 * float(arrows[-1].norm()) else rest * 0
    unit = direction.norm().clamp(min=1e-12)
    return [(float(arrow @ first / unit), float(arrow @ second / unit)) for arrow in arrows]


def guidance_arrows(path: Trajectory, asked: ViewRequest) -> Chart:
    """The foreseen images of a step as arrows from the one without the text: with it, guided, and the result.

    Classifier-free guidance ends on the first axis, ``scale`` times as far; what rescales, projects or thresholds
    leaves it.
    """
    step = asked.number(_steps(path))
    frames = [frame_of(path, name, step, "x_0") for name in ("unconditional", "conditional", "predicted x_0")]
    if any(frame is None for frame in frames):
        raise NodeError(NO_PLANE)
    start, text, guided = (chosen(frame, asked).double().flatten().cpu() for frame in frames if frame is not None)
    result = chosen(path.x[-1], asked).double().flatten().cpu()
    ends = plane((text - start, result - start, guided - start), text - start)
    (x_text, y_text), (x_result, y_result), (x_guided, y_guided) = ends
    return Chart(
        (
            Series("with the text", (0.0, x_text), (0.0, y_text)),
            Series("guided", (0.0, x_guided), (0.0, y_guided)),
            Series("result", (0.0, x_result), (0.0, y_result)),
        ),
        "along what the text makes of a difference",
        "across it",
    )


def _steps(path: Trajectory) -> Option:
    return Option("step", "Step", maximum=len(path.original) - 1, time=True, first=path.first)


FORMS: ValueViews = {
    Trajectory.__name__: (
        ValueView(
            "guidance",
            "Guidance as arrows",
            guidance_arrows,
            lambda path: (_steps(path), *one_of(path.x[0])),
            lambda path: any(one is not None for one in path.unconditional) and path.levels is not None,
        ),
    ),
}
