"""Predictions of a network in each space in which the field speaks of them: noise, v, x_0, flow velocity.

All follow from x = alpha x_0 + sigma noise (Ho et al. 2020, arXiv:2006.11239, eq. 4). With a = alpha / s, b = sigma / s
and s = sqrt(alpha^2 + sigma^2), v = a noise - b x_0 (Salimans & Ho 2022, arXiv:2202.00512, appendix D), and the
velocity of rectified flow is noise - x_0 (Lipman et al. 2023, arXiv:2210.02747).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from nodeflow.wires.schedules import Prediction

SPACES: dict[str, Prediction | None] = {
    "noise (epsilon)": "epsilon",
    "x_0": "sample",
    "v": "v",
    "velocity": "flow",
    "as the network gives it": None,
}
"""By the name that people read; None is whatever the network was trained to give."""


@dataclass(frozen=True)
class NoiseLevel:
    """What x is at a step: ``alpha`` x_0 + ``sigma`` noise."""

    alpha: float
    sigma: float

    @property
    def scale(self) -> float:
        """Return what x is divided by to have variance 1."""
        return float((self.alpha**2 + self.sigma**2) ** 0.5)


def original(output: Tensor, x: Tensor, prediction: Prediction, at: NoiseLevel) -> Tensor | None:
    """x_0 from a network's output (..., C, h, w) for x; None where x is noise alone and the output does not tell it."""
    return TO_ORIGINAL[prediction](output, x, at)


def prediction_of(x_0: Tensor, x: Tensor, wanted: Prediction, at: NoiseLevel) -> Tensor | None:
    """x_0 as a prediction of what is ``wanted``; None where x holds no noise that could be told."""
    if wanted == "sample":
        return x_0
    if at.sigma == 0:
        return None
    noise = (x - at.alpha * x_0) / at.sigma
    return FROM_NOISE[wanted](noise, x_0, at)


def seen_as(output: Tensor, x: Tensor, prediction: Prediction | None, wanted: str, at: NoiseLevel) -> Tensor | None:
    """A network's output in a space of `SPACES`; as it is where that is its own, or nobody knows what it is."""
    space = SPACES[wanted]
    if space is None or prediction is None or space == prediction:
        return output
    x_0 = original(output, x, prediction, at)
    return None if x_0 is None else prediction_of(x_0, x, space, at)


TO_ORIGINAL: dict[Prediction, Callable[[Tensor, Tensor, NoiseLevel], Tensor | None]] = {
    "sample": lambda output, x, at: output,
    "epsilon": lambda output, x, at: (x - at.sigma * output) / at.alpha if at.alpha else None,
    "v": lambda output, x, at: (at.alpha / at.scale * x - at.sigma * output) / at.scale,
    "flow": lambda output, x, at: (x - at.sigma * output) / (at.alpha + at.sigma),
}
FROM_NOISE: dict[Prediction, Callable[[Tensor, Tensor, NoiseLevel], Tensor]] = {
    "epsilon": lambda noise, x_0, at: noise,
    "v": lambda noise, x_0, at: (at.alpha * noise - at.sigma * x_0) / at.scale,
    "flow": lambda noise, x_0, at: noise - x_0,
}
