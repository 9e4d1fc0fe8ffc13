"""Quantities that a trajectory holds for each step, each (B, C, h, w); predictions in the space that is asked for."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from nodeflow.engine.inspect.prediction_spaces import SPACES, NoiseLevel, prediction_of, seen_as
from nodeflow.views import Option
from nodeflow.wires import Trajectory

Frames = tuple[Tensor | None, ...]

PREDICTIONS = ("guided prediction", "conditional", "unconditional", "difference")
"""Quantities that are predictions: what leads the step, the network's with the text and without it, and how much the
text makes of a difference."""


def level(path: Trajectory, step: int) -> NoiseLevel | None:
    """The noise level of a step; None where none was recorded."""
    known = path.levels is not None and step < len(path.levels)
    return NoiseLevel(*path.levels[step].tolist()) if known and path.levels is not None else None


def _at(frames: Frames, step: int) -> Tensor | None:
    return frames[step] if step < len(frames) else None


def _guided(path: Trajectory, step: int, space: str) -> Tensor | None:
    at, x_0 = level(path, step), _at(path.original, step)
    if at is None or x_0 is None:
        return None
    return prediction_of(x_0, path.x[step], SPACES[space] or path.prediction or "epsilon", at)


def _output(outputs: Frames, path: Trajectory, step: int, space: str) -> Tensor | None:
    output, at = _at(outputs, step), level(path, step)
    return output if output is None or at is None else seen_as(output, path.x[step], path.prediction, space, at)


def _conditional(path: Trajectory, step: int, space: str) -> Tensor | None:
    return _output(path.conditional, path, step, space)


def _unconditional(path: Trajectory, step: int, space: str) -> Tensor | None:
    return _output(path.unconditional, path, step, space)


def _difference(path: Trajectory, step: int, space: str) -> Tensor | None:
    one, other = _conditional(path, step, space), _unconditional(path, step, space)
    return None if one is None or other is None else one - other


QUANTITIES: dict[str, Callable[[Trajectory, int, str], Tensor | None]] = {
    "x": lambda path, step, _: _at(path.x, step),
    "predicted x_0": lambda path, step, _: _at(path.original, step),
    "guided prediction": _guided,
    "conditional": _conditional,
    "unconditional": _unconditional,
    "difference": _difference,
    "learned variance": lambda path, step, _: _at(path.variance, step),
}
"""What goes into each step, the clean latent that is foreseen, the predictions of `PREDICTIONS`, and where between its
bounds the variance lies."""
VARIANCE = [*QUANTITIES][-1]
SPACE = Option("space", "Prediction of", tuple(SPACES), needs=("quantity", *PREDICTIONS))
OWN_SPACE = SPACE.choices[-1]


def frame_of(path: Trajectory, quantity: str, step: int, space: str = SPACE.choices[0]) -> Tensor | None:
    """A quantity at a step; None where that has none."""
    return QUANTITIES[quantity](path, step, space)


def frames_of(path: Trajectory, quantity: str, space: str = SPACE.choices[0]) -> Frames:
    """A quantity at each step: N, and N + 1 for x."""
    count = len(path.x) if quantity == "x" else len(path.original)
    return tuple(frame_of(path, quantity, step, space) for step in range(count))


def quantities(path: Trajectory) -> Option:
    """The quantities that a trajectory holds."""

    def held(name: str) -> bool:
        steps = range(len(path.original))
        return name == "x" or any(frame_of(path, name, step, OWN_SPACE) is not None for step in steps)

    return Option("quantity", "What", tuple(name for name in QUANTITIES if held(name)))
