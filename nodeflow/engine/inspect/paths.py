"""Forms of a trajectory: what happened in a sampling run, step by step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor

from nodeflow.engine.inspect.attention import ATTENTION
from nodeflow.engine.inspect.pictures import LATENT_WAYS, SCALE, chosen, one_of, place_options
from nodeflow.forms import Asked, Chart, Form, Forms, Option, Picture, Series
from nodeflow.node import NodeError
from nodeflow.wires import Trajectory

Frames = tuple[Tensor | None, ...]


def _difference(path: Trajectory) -> Frames:
    pairs = zip(path.conditional, path.unconditional, strict=False)
    return tuple(None if other is None else one - other for one, other in pairs)


QUANTITIES: dict[str, Callable[[Trajectory], Frames]] = {
    "x": lambda path: path.x,
    "predicted x_0": lambda path: path.original,
    "conditional": lambda path: path.conditional,
    "unconditional": lambda path: path.unconditional,
    "difference": _difference,
}
"""What a trajectory tells for each step, (B, C, h, w) each: what goes in, the clean latent that is foreseen, and the
network's output with the text, without it, and how much the text makes of a difference."""
CURVES = Option("curve", "Curve", ("norm", "deviation", "change from step to step"))


def quantities(path: Trajectory) -> Option:
    """The quantities that a trajectory holds."""
    return Option("quantity", "What", tuple(name for name, of in QUANTITIES.items() if any_frame(of(path)) is not None))


def any_frame(frames: Frames) -> Tensor | None:
    """The first frame that is there."""
    return next((frame for frame in frames if frame is not None), None)


def _way(path: Trajectory) -> Option:
    return Option("way", "As", tuple(LATENT_WAYS))


def frame(path: Trajectory, asked: Asked) -> Picture:
    """A quantity at a step, drawn in one of the ways of a latent."""
    frames = QUANTITIES[asked.choice(quantities(path))](path)
    found = frames[asked.number(Option("step", "", maximum=len(frames) - 1))]
    if found is None:
        raise NodeError("this step made no prediction without the text")
    return LATENT_WAYS[asked.choice(_way(path))](chosen(found, asked), asked)


def curves(path: Trajectory, asked: Asked) -> Chart:
    """Every quantity over the steps, as one number each."""
    kind = asked.choice(CURVES)
    series = []
    for name in quantities(path).choices:
        frames = [(i, chosen(t, asked).double()) for i, t in enumerate(QUANTITIES[name](path)) if t is not None]
        if kind == CURVES.choices[2]:
            points = [(i, float((b - a).norm())) for (_, a), (i, b) in pairwise(frames)]
        elif kind == "norm":
            points = [(i, float(t.norm())) for i, t in frames]
        else:
            points = [(i, float(t.std(correction=0))) for i, t in frames]
        series.append(Series(name, tuple(float(i) for i, _ in points), tuple(y for _, y in points)))
    return Chart(tuple(series), "step", kind)


def place(path: Trajectory, asked: Asked) -> Chart:
    """One place over all steps: a curve for each channel."""
    frames = QUANTITIES[asked.choice(quantities(path))](path)
    known = [(float(i), chosen(t, asked)) for i, t in enumerate(frames) if t is not None]
    x, y = (asked.number(option) for option in place_options(known[0][1]))
    steps = tuple(i for i, _ in known)
    values = [t[:, y, x].tolist() for _, t in known]
    series = tuple(Series(f"channel {c}", steps, tuple(row[c] for row in values)) for c in range(known[0][1].shape[0]))
    return Chart(series, "step", asked.choice(quantities(path)), caption=f"{x}, {y}")


def _steps(path: Trajectory) -> Option:
    return Option("step", "Step", maximum=len(path.x) - 1, time=True, first=path.first)


def _batch(path: Trajectory) -> tuple[Option, ...]:
    return one_of(path.x[0])


def _recorded(path: Trajectory) -> bool:
    return bool(path.x)


FORMS: Forms = {
    "Trajectory": (
        Form("frames", "Steps", frame, lambda p: (quantities(p), _way(p), SCALE, _steps(p), *_batch(p)), _recorded),
        Form("curves", "Curves", curves, lambda p: (CURVES, *_batch(p)), _recorded),
        Form(
            "place",
            "One place over all steps",
            place,
            lambda p: (quantities(p), *_batch(p), *place_options(p.x[0])),
            _recorded,
        ),
        *ATTENTION,
    ),
}
