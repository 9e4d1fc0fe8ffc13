"""Registry of all samplers, and what one is given for a step."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import StepNoise
from nodes.samplers.solvers.brownian import BrownianNoise
from nodes.samplers.solvers.space import LevelSpace

Asking = Generator[tuple[Tensor, float], Tensor, Tensor]
"""A step: yields (x, sigma), is sent x_0, returns x one step further."""
MEMORY = 4
"""How many steps back a sampler may remember."""


@dataclass(slots=True)
class SamplerStep:
    """One step from ``sigma`` to ``next``, and what earlier ones have left."""

    x: Tensor
    index: int
    """Number of the step; ``sigmas[index]`` is where it begins."""
    sigmas: list[float]
    space: LevelSpace
    noise: StepNoise
    brownian: BrownianNoise
    past: tuple[Any, ...]
    """What the steps before have remembered, the newest first."""
    first: int
    """The step that the run began with."""
    given: list[float]
    """The levels of the schedule from where the run began, which are others than those that the sampler may set."""
    without_text: Callable[[], Tensor]
    """The x_0 that the denoiser foresees without the text, at the last call."""
    memory: list[Any] = field(default_factory=list)
    arrived: float | None = None
    """The level that a sampler which sets its own steps has come to."""

    @property
    def sigma(self) -> float:
        return self.sigmas[self.index]

    @property
    def next(self) -> float:
        return self.sigmas[self.index + 1]

    @property
    def count(self) -> int:
        """Return how many steps the run has."""
        return len(self.sigmas) - 1 - self.first

    def remember(self, value: Any) -> None:
        """Keep a value for the steps after this one."""
        self.memory.append(value)

    def draw(self) -> Tensor:
        """Fresh noise of the shape of x."""
        return self.noise.like(self.x)

    def draw_between(self, start: float, end: float) -> Tensor:
        """The increment of a Brownian motion between two levels, of unit variance."""
        return self.brownian.between(self.x, self.noise.seeds, start, end)


@dataclass(frozen=True)
class Sampler:
    """A way to take a step, and what is known of it.

    ``order``: the order of convergence that its error shows at least, without noise. ``random``: it draws noise on the
    way. ``options``: what it can be told. ``levels``: the levels that it walks along, where those are others than the
    schedule's. ``backward``: it goes from the image to noise as well. ``adaptive``: it sets its own steps.
    ``residual``: the noise that its own last level leaves counts as noise that is left over. ``above_nothing``: it ends
    at the last level above 0. ``two_sided``: it goes by what is foreseen without the text too.
    """

    name: str
    take: Callable[..., Asking]
    order: float
    random: bool
    backward: bool
    adaptive: bool
    residual: bool
    above_nothing: bool
    two_sided: bool
    levels: Callable[[list[float], LevelSpace], list[float]] | None
    options: Mapping[str, Any]

    def check(self, levels: Sequence[float]) -> None:
        """Raises NodeError for levels that leave it nowhere to end at."""
        if self.above_nothing and len(levels) == 2 and levels[-1] == 0:
            raise NodeError(f"{self.name} needs a level to end at besides 0; give it two steps or more")

    def chosen(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Of all that a node is told, what counts for this one; None stands for its own default."""
        return {name: told[name] for name in self.options if told.get(name) is not None}


SAMPLERS: dict[str, Sampler] = {}


def sampler(
    name: str,
    *,
    order: float = 1,
    random: bool = False,
    backward: bool = False,
    adaptive: bool = False,
    residual: bool = False,
    above_nothing: bool = False,
    two_sided: bool = False,
    levels: Callable[[list[float], LevelSpace], list[float]] | None = None,
    **preset: Any,
) -> Callable[[Callable[..., Asking]], Callable[..., Asking]]:
    """Put a function on the list under a name. ``preset`` fixes options of it, so that one function serves several."""

    def attach(function: Callable[..., Asking]) -> Callable[..., Asking]:
        found = inspect.signature(function).parameters.values()
        options = {one.name: one.default for one in found if one.kind is one.KEYWORD_ONLY and one.name not in preset}

        def take(step: SamplerStep, **told: Any) -> Asking:
            return function(step, **preset, **told)

        take.__doc__ = function.__doc__
        SAMPLERS[name] = Sampler(
            name,
            take if preset else function,
            order,
            random,
            backward,
            adaptive,
            residual,
            above_nothing,
            two_sided,
            levels,
            options,
        )
        return function

    return attach


def ancestral(sigma: float, next: float, eta: float) -> tuple[float, float]:
    """The level to step down to, and the noise that leads up from there to ``next``: Song et al. 2021, eq. 16."""
    if not eta:
        return next, 0.0
    up = min(next, eta * next * math.sqrt(max(1 - (next / sigma) ** 2, 0.0)))
    return math.sqrt(next**2 - up**2), up
