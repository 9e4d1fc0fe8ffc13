"""One schedule from a step on after another. No nodes here; `schedule` has them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Calls, Prediction, Schedule, Solver, StepNoise

SINCE, STATE = "since", "state"
CLOSE = 1e-3
"""By how much two levels of noise may differ, of themselves, and count as one."""
Stages = tuple[tuple[int, Schedule], ...]
"""Schedules, and the step that each of them leads from on; the first from step 0."""


@dataclass(frozen=True, eq=False)
class CompositeSchedule:
    """Schedules that lead one after the other. The one in force starts afresh where it takes over."""

    stages: Stages

    @property
    def steps(self) -> int:
        return self.stages[0][1].steps

    @property
    def flow(self) -> bool:
        return self.stages[0][1].flow

    def begin(self, prediction: Prediction, device: torch.device, learned_variance: bool = False) -> Solver:
        solvers = [(since, schedule.begin(prediction, device, learned_variance)) for since, schedule in self.stages]
        for (_, one), (since, other) in pairwise(solvers):
            _check(one, other, since)
        return CompositeSolver([stage for stage in solvers if stage[0] < len(solvers[0][1].timesteps)])


class CompositeSolver:
    """One run along several schedules."""

    adaptive = False

    def __init__(self, stages: list[tuple[int, Solver]]) -> None:
        self._stages = stages
        self._last: int | None = None
        """Since when the solver that made the last step was in force; None before any step."""

    @property
    def two_sided(self) -> bool:
        return any(solver.two_sided for _, solver in self._stages)

    @property
    def timesteps(self) -> Tensor:
        return torch.cat([solver.timesteps[since:until] for since, until, solver in self._spans()])

    @property
    def sigmas(self) -> Tensor:
        whole = [solver.sigmas[since:until] for since, until, solver in self._spans()]
        return torch.cat([*whole, self._stages[-1][1].sigmas[-1:]])

    @property
    def end_timestep(self) -> float:
        return self._stages[-1][1].end_timestep

    @property
    def initial_scale(self) -> float:
        return self._stages[0][1].initial_scale

    @property
    def order(self) -> int:
        return self._stages[0][1].order

    def start(self, skipped: int) -> int:
        """Raises NodeError where the solvers would begin at different steps."""
        found = {solver.start(skipped) for _, solver in self._stages}
        if len(found) > 1:
            raise NodeError("these samplers begin such a share of the way at different steps; choose two alike")
        return found.pop()

    def scale_input(self, x: Tensor, index: int) -> Tensor:
        return self._at(index).scale_input(self._handed_over(x, index), index)

    def add_noise(self, x_0: Tensor, noise: Tensor, index: int) -> Tensor:
        return self._at(index).add_noise(x_0, noise, index)

    def calls(self, x: Tensor, index: int, noise: StepNoise) -> Calls:
        x = self._handed_over(x, index)
        self._last = since_at(self._stages, index)
        return (yield from self._at(index).calls(x, index, noise))

    def more(self, index: int) -> bool:
        return index < len(self._stages[0][1].timesteps)

    def result(self, x: Tensor) -> Tensor:
        return self._stages[-1][1].result(x)

    def original(self, output: Tensor, x: Tensor, index: int) -> Tensor:
        return self._at(index).original(output, self._handed_over(x, index), index)

    def thresholded(self, output: Tensor, x: Tensor, index: int) -> Tensor | None:
        return self._at(index).thresholded(output, self._handed_over(x, index), index)

    def state(self) -> dict[str, Any]:
        """While the first schedule leads, this is what a run along it alone would leave."""
        since = self._last or 0
        own = self._at(since).state()
        return own if since == 0 else {SINCE: since, STATE: own}

    def restore(self, state: dict[str, Any]) -> None:
        self._last = int(state.get(SINCE, 0))
        self._at(self._last).restore(state[STATE] if SINCE in state else state)

    def arriving(self, index: int) -> Solver:
        """The solver whose scale x has that comes into a step: that of the step before."""
        return self._at(max(index - 1, 0))

    def _at(self, index: int) -> Solver:
        return next(solver for since, solver in reversed(self._stages) if since <= index)

    def _spans(self) -> list[tuple[int, int, Solver]]:
        ends = [*(since for since, _ in self._stages[1:]), len(self._stages[0][1].timesteps)]
        return [(since, end, solver) for (since, solver), end in zip(self._stages, ends, strict=True)]

    def _handed_over(self, x: Tensor, index: int) -> Tensor:
        """x in the scale of the solver in force, where the one before it left it in its own."""
        since = since_at(self._stages, index)
        if index != since or self._last is None or self._last == since:
            return x
        one, other = (_scale(solver, index) for solver in (self._at(self._last), self._at(index)))
        return x if one == other else x * (other / one)


def stages_of(schedule: Schedule) -> Stages:
    """A schedule as stages."""
    return schedule.stages if isinstance(schedule, CompositeSchedule) else ((0, schedule),)


def since_at(stages: Any, index: int) -> int:
    """The step since which that stage leads that is in force at a step."""
    return max(since for since, _ in stages if since <= index)


def stage_at(schedule: Schedule, index: int) -> tuple[int, Schedule]:
    """The schedule that leads at a step, and since when: together they alone determine what becomes of x there."""
    return next(stage for stage in reversed(stages_of(schedule)) if stage[0] <= index)


def relay(before: Schedule, after: Schedule, step: int) -> Schedule:
    """``after`` from a step on, ``before`` until then; either may be a relay itself."""
    first = tuple(stage for stage in stages_of(before) if stage[0] < step)
    later = tuple(stage for stage in stages_of(after) if stage[0] > step)
    return CompositeSchedule((*first, (step if first else 0, stage_at(after, step)[1]), *later))


def level(solver: Solver, index: int) -> tuple[float, float]:
    """Alpha and sigma at a step: x = alpha x_0 + sigma noise."""
    noised: Any = solver.add_noise  # of plain numbers, which it takes too: tensors would cost more than a step
    return float(noised(1.0, 0.0, index)), float(noised(0.0, 1.0, index))


def levels_of(solver: Solver, steps: range) -> Tensor:
    """Alpha and sigma of what comes into each step, (N, 2)."""
    owner = solver.arriving if isinstance(solver, CompositeSolver) else lambda _: solver
    found = [level(owner(index) if index > steps.start else solver, index) for index in steps]
    return torch.tensor(found, dtype=torch.float64).reshape(-1, 2)


def _scale(solver: Solver, index: int) -> float:
    """Return how large a signal of 1 stands in x at a step, or noise of 1 where there is no signal."""
    alpha, sigma = level(solver, index)
    return alpha or sigma


def _check(one: Solver, other: Solver, step: int) -> None:
    """Raises NodeError where the second cannot go on where the first stops."""
    if one.adaptive or other.adaptive:
        raise NodeError("a method that sets its own steps cannot be changed at one of them; choose another sampler")
    if len(one.timesteps) != len(other.timesteps) or one.order != other.order:
        raise NodeError(
            f"one scheduler takes {len(one.timesteps)} steps and the other {len(other.timesteps)}; give both the same"
        )
    noise = [float(solver.sigmas[min(step, len(one.timesteps))]) for solver in (one, other)]
    if noise[0] != noise[1] and not math.isclose(*noise, rel_tol=CLOSE):
        raise NodeError(
            f"at step {step} the first scheduler stands at noise {noise[0]:.3g} and the second at {noise[1]:.3g}; "
            "choose two that space their steps alike"
        )
