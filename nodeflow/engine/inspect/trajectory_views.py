"""Forms of a trajectory: what happened in a sampling run, step by step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import msgspec
import torch
from torch import Tensor

from nodeflow.engine.inspect.attention_views import ATTENTION
from nodeflow.engine.inspect.difference import over_steps
from nodeflow.engine.inspect.image_views import LATENT_WAYS, SCALE, chosen, latents_apart, one_of, place_options
from nodeflow.node import NodeError
from nodeflow.views import Chart, Option, Picture, Series, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Trajectory

Frames = tuple[Tensor | None, ...]


def _difference(path: Trajectory) -> Frames:
    pairs = zip(path.conditional, path.unconditional, strict=False)
    return tuple(None if other is None else one - other for one, other in pairs)


def _noise(path: Trajectory) -> Frames:
    """x = alpha x_0 + sigma noise (Ho et al. 2020, arXiv:2006.11239, eq. 4), solved for the noise."""
    levels = [] if path.levels is None else path.levels.tolist()
    return tuple(
        (x - alpha * x_0) / sigma if sigma else None
        for (alpha, sigma), x, x_0 in zip(levels, path.x, path.original, strict=False)
    )


QUANTITIES: dict[str, Callable[[Trajectory], Frames]] = {
    "x": lambda path: path.x,
    "predicted x_0": lambda path: path.original,
    "noise prediction": _noise,
    "conditional": lambda path: path.conditional,
    "unconditional": lambda path: path.unconditional,
    "difference": _difference,
}
"""What a trajectory tells for each step, (B, C, h, w) each: what goes in, the clean latent that is foreseen, the noise
that would then be in x, and the network's output with the text, without it, and how much the text makes of a
difference."""
OWN_SCALE = msgspec.structs.replace(SCALE, needs=("way", "channels"))
CURVES = Option("curve", "Curve", ("norm", "deviation", "change from step to step"))

REACH = Option("of", "Of", ("share at or beyond 1", "sizes"))
MOVED = Option("moved", "Of", ("shares", "threshold"))
MAX_SORTED = 2**24
"""Values that quantiles are taken of: as many as torch takes."""


UNRECORDED = "no steps were recorded; set record of the sampler to steps, and run it again"


def unrecorded(_: Trajectory, __: ViewRequest) -> Picture:
    """Says why there is nothing to see."""
    raise NodeError(UNRECORDED)


def quantities(path: Trajectory) -> Option:
    """The quantities that a trajectory holds."""
    return Option("quantity", "What", tuple(name for name, of in QUANTITIES.items() if any_frame(of(path)) is not None))


def any_frame(frames: Frames) -> Tensor | None:
    """The first frame that is there."""
    return next((frame for frame in frames if frame is not None), None)


def _way(path: Trajectory) -> Option:
    has_places = path.x[0][0, 0].numel() > 1
    return Option("way", "As", tuple(LATENT_WAYS) if has_places else ("colours",))


def frame(path: Trajectory, asked: ViewRequest) -> Picture:
    """A quantity at a step, drawn in one of the ways of a latent."""
    frames = QUANTITIES[asked.choice(quantities(path))](path)
    found = frames[asked.number(Option("step", "", maximum=len(frames) - 1))]
    if found is None:
        raise NodeError("this step made no prediction without the text")
    return LATENT_WAYS[asked.choice(_way(path))](chosen(found, asked), asked)


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
        frames = QUANTITIES[quantity](run)
        one = frames[min(at, len(frames) - 1)] if frames else None
        if one is None:
            raise NodeError(f"one of the two runs has no {quantity} at this step")
        found.append(chosen(one, asked))
    return latents_apart(found[0], found[1], asked.choice(_way(path)), asked)


def runs_apart(path: Trajectory, asked: ViewRequest) -> Chart:
    """The largest difference between two runs at each step, for each quantity that both have."""

    def one(frame: Tensor | None) -> Tensor | None:
        return None if frame is None else chosen(frame, asked)

    known = {name: (QUANTITIES[name](path), QUANTITIES[name](asked.other)) for name in quantities(path).choices}
    return over_steps(
        {name: [(one(a), one(b)) for a, b in zip(*both, strict=False)] for name, both in known.items() if both[1]}
    )


def curves(path: Trajectory, asked: ViewRequest) -> Chart:
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


FORMS: ValueViews = {
    Trajectory.__name__: (
        ValueView("unrecorded", "Steps", unrecorded, fits=lambda p: not p.x),
        ValueView(
            "frames",
            "Steps",
            frame,
            lambda p: (quantities(p), _way(p), OWN_SCALE, _steps(p), *_batch(p)),
            _recorded,
            apart=frame_apart,
        ),
        ValueView("curves", "Curves", curves, lambda p: (CURVES, *_batch(p)), _recorded, apart=runs_apart, charts=True),
        ValueView("reach", "Values beyond 1", reach, lambda p: (REACH, *_batch(p)), lambda p: bool(p.original)),
        ValueView(
            "thresholded",
            "Thresholded share",
            thresholded,
            lambda p: (MOVED, *_batch(p)),
            lambda p: any_frame(p.thresholded) is not None,
        ),
        ValueView(
            "place",
            "One place over all steps",
            place,
            lambda p: (quantities(p), *_batch(p), *place_options(p.x[0])),
            _recorded,
        ),
        *ATTENTION,
    ),
}
