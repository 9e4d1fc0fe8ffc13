"""Forms of a trajectory: what happened in a sampling run, step by step."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import torch
from torch import Tensor

from nodeflow.engine.inspect.attention_views import ATTENTION
from nodeflow.engine.inspect.difference import over_steps
from nodeflow.engine.inspect.image_views import (
    LATENT_WAYS,
    SCALE,
    channels,
    chosen,
    latents_apart,
    one_of,
    place_options,
)
from nodeflow.engine.inspect.trajectory_quantities import SPACE, VARIANCE, Frames, frame_of, frames_of, quantities
from nodeflow.node import NodeError
from nodeflow.views import Chart, Option, Picture, Series, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Trajectory

OWN_SCALE = msgspec.structs.replace(SCALE, needs=("way", "channels"))
ALL_SPACES = msgspec.structs.replace(SPACE, needs=())
CURVES = Option("curve", "Curve", ("norm", "deviation", "change from step to step"))

DIFFERENCE, LATENT_REACH = "difference", 3.0
"""The quantity that is made larger for the eye, and how far latents reach whose colours can be told apart."""
REACH = Option("of", "Of", ("share at or beyond 1", "sizes"))
MOVED = Option("moved", "Of", ("shares", "threshold"))
MAX_SORTED = 2**24
"""Values that quantiles are taken of: as many as torch takes."""


UNRECORDED = "no steps were recorded; set record of the sampler to steps, and run it again"


def unrecorded(_: Trajectory, __: ViewRequest) -> Picture:
    """Says why there is nothing to see."""
    raise NodeError(UNRECORDED)


def _way(path: Trajectory) -> Option:
    has_places = path.x[0][0, 0].numel() > 1
    return Option("way", "As", tuple(LATENT_WAYS) if has_places else ("colours",))


def _asked(path: Trajectory, asked: ViewRequest) -> Frames:
    """The quantity that is asked for, in the space that is."""
    return frames_of(path, asked.choice(quantities(path)), asked.choice(SPACE))


def _needed(path: Trajectory, quantity: str, step: int, asked: ViewRequest) -> Tensor:
    """A quantity at a step; of all but x the last step stands for the result too."""
    last = len(path.x if quantity == "x" else path.original) - 1
    found = frame_of(path, quantity, min(step, last), asked.choice(SPACE))
    if found is None:
        raise NodeError(f"this step has no {quantity}, or none in this space")
    return found


def frame(path: Trajectory, asked: ViewRequest) -> Picture:
    """A quantity at a step, drawn in one of the ways of a latent."""
    quantity, step = asked.choice(quantities(path)), asked.number(_steps(path))
    found = chosen(_needed(path, quantity, step, asked), asked)
    shown = _drawn(found, quantity, asked.choice(_way(path)), asked)
    return msgspec.structs.replace(shown, facts=(*times(path, step), *spread(found)))


def _drawn(samples: Tensor, quantity: str, way: str, asked: ViewRequest) -> Picture:
    """A quantity (C, h, w) as an image.

    A difference is far smaller than what it is of: in colours it is made as large as these can show, and that is said.
    Of a variance there are no colours, only its channels.
    """
    if quantity == VARIANCE:
        return channels(samples, asked)
    most = float(samples.abs().max()) if quantity == DIFFERENCE and way == "colours" else 0.0
    if not most:
        return LATENT_WAYS[way](samples, asked)
    larger = (1.0 if len(samples) == 3 else LATENT_REACH) / most
    shown = LATENT_WAYS[way](samples * larger, asked)
    return msgspec.structs.replace(shown, caption=shown.caption or f"values shown {larger:.3g} times larger")


def frame_values(path: Trajectory, asked: ViewRequest) -> Tensor:
    """The numbers behind `frame`, of the whole batch (B, C, h, w)."""
    return _needed(path, asked.choice(quantities(path)), asked.number(_steps(path)), asked)


def times(path: Trajectory, step: int) -> tuple[tuple[str, float], ...]:
    """Timestep and sigma of a step; none of the result, which comes after the last."""
    if step >= len(path.timesteps):
        return ()
    return ("t", float(path.timesteps[step])), ("sigma", float(path.sigmas[step]))


def spread(values: Tensor) -> tuple[tuple[str, float], ...]:
    """Mean, deviation (of the population) and range of values, in float64."""
    exact = values.double()
    low, high = (float(bound) for bound in exact.aminmax())
    return (
        ("mean", float(exact.mean())),
        ("deviation", float(exact.std(correction=0))),
        ("minimum", low),
        ("maximum", high),
    )


def frame_apart(path: Trajectory, asked: ViewRequest) -> Picture:
    """Return how far two runs are apart in a quantity at a step, or at a step and at ``other step`` of the other
    one."""
    quantity, step = asked.choice(quantities(path)), asked.number(_steps(path))
    there = (
        asked.number(Option("other step", "", maximum=len(asked.other.x) - 1))
        if "other step" in asked.options
        else step
    )
    found = []
    for run, at in ((path, step), (asked.other, there)):
        found.append(chosen(_needed(run, quantity, at, asked), asked))
    return latents_apart(found[0], found[1], asked.choice(_way(path)), asked)


def runs_apart(path: Trajectory, asked: ViewRequest) -> Chart:
    """The largest difference between two runs at each step, for each quantity that both have."""

    def one(frame: Tensor | None) -> Tensor | None:
        return None if frame is None else chosen(frame, asked)

    space = asked.choice(SPACE)
    known = {
        name: (frames_of(path, name, space), frames_of(asked.other, name, space)) for name in quantities(path).choices
    }
    return over_steps(
        {name: [(one(a), one(b)) for a, b in zip(*both, strict=False)] for name, both in known.items() if both[1]}
    )


def curves(path: Trajectory, asked: ViewRequest) -> Chart:
    """Every quantity over the steps, as one number each."""
    kind = asked.choice(CURVES)
    series = []
    for name in quantities(path).choices:
        told = enumerate(frames_of(path, name, asked.choice(SPACE)))
        frames = [(i, chosen(t, asked).double()) for i, t in told if t is not None]
        if kind == CURVES.choices[2]:
            points = [(i, float((b - a).norm())) for (_, a), (i, b) in pairwise(frames)]
        elif kind == "norm":
            points = [(i, float(t.norm())) for i, t in frames]
        else:
            points = [(i, float(t.std(correction=0))) for i, t in frames]
        series.append(Series(name, tuple(float(i) for i, _ in points), tuple(y for _, y in points)))
    at = tuple(float(step) for step in range(len(path.timesteps)))
    known = Series("t", at, tuple(path.timesteps.tolist())), Series("sigma", at, tuple(path.sigmas.tolist()[: len(at)]))
    return Chart(tuple(series), "step", kind, beside=known)


def reach(path: Trajectory, asked: ViewRequest) -> Chart:
    """Return how much of the foreseen image reaches its bounds at each step, or how far its largest values reach.

    Where values are kept within -1 to 1 by a threshold (Saharia et al. 2022, arXiv:2205.11487, section 2.3), those that
    it cut off stand at -1 or 1; elsewhere those beyond are what a threshold would move.
    """
    steps = tuple(float(path.first + at) for at in range(len(path.original)))
    sizes = [chosen(frame, asked).float().abs().flatten() for frame in path.original]
    if asked.choice(REACH) == REACH.choices[0]:
        shares = tuple(float((size >= 1 - 1e-6).double().mean()) for size in sizes)
        return Chart((Series("share", steps, shares),), "step", "share of values at or beyond 1")
    levels = torch.tensor([0.95, 0.995, 1.0])
    found = [torch.quantile(size[:MAX_SORTED], levels.to(size.device)).tolist() for size in sizes]
    names = ("95 %", "99.5 %", "largest")
    series = tuple(Series(name, steps, tuple(row[at] for row in found)) for at, name in enumerate(names))
    return Chart(series, "step", "size of the foreseen values")


def thresholded(path: Trajectory, asked: ViewRequest) -> Chart:
    """Return what thresholding did to the foreseen image at each step, as the solver recorded it.

    By static thresholding the values beyond -1 to 1 are those that are cut off, one curve; by dynamic thresholding
    those beyond the threshold are, and all others are divided by it.
    """
    recorded = enumerate(path.thresholded, path.first)
    known = [(at, chosen(one, asked).tolist()) for at, one in recorded if one is not None]
    steps = tuple(float(at) for at, _ in known)
    beyond, threshold, cut = (tuple(found[place] for _, found in known) for place in range(3))
    if asked.choice(MOVED) == "threshold":
        return Chart((Series("threshold", steps, threshold),), "step", "threshold")
    series = Series("beyond -1 to 1", steps, beyond), Series("cut off", steps, cut)
    return Chart(series if beyond != cut else series[1:], "step", "share of values")


def place(path: Trajectory, asked: ViewRequest) -> Chart:
    """One place over all steps: a curve for each channel."""
    frames = _asked(path, asked)
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


FORMS: ValueViews = {
    Trajectory.__name__: (
        ValueView("unrecorded", "Steps", unrecorded, fits=lambda p: not p.x),
        ValueView(
            "frames",
            "Steps",
            frame,
            lambda p: (quantities(p), SPACE, _way(p), OWN_SCALE, _steps(p), *_batch(p)),
            _recorded,
            apart=frame_apart,
            numbers=frame_values,
        ),
        ValueView(
            "curves",
            "Curves",
            curves,
            lambda p: (CURVES, ALL_SPACES, *_batch(p)),
            _recorded,
            apart=runs_apart,
            charts=True,
        ),
        ValueView("reach", "Values beyond 1", reach, lambda p: (REACH, *_batch(p)), lambda p: bool(p.original)),
        ValueView(
            "thresholded",
            "Thresholded share",
            thresholded,
            lambda p: (MOVED, *_batch(p)),
            lambda p: any(one is not None for one in p.thresholded),
        ),
        ValueView(
            "place",
            "One place over all steps",
            place,
            lambda p: (quantities(p), SPACE, *_batch(p), *place_options(p.x[0])),
            _recorded,
        ),
        *ATTENTION,
    ),
}
