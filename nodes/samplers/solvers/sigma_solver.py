"""One run of a sampler along sigmas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Call, Calls, Prediction, StepNoise
from nodes.samplers.solvers.brownian import BrownianNoise
from nodes.samplers.solvers.registry import MEMORY, Sampler, SamplerStep
from nodes.samplers.solvers.space import LevelSpace
from nodes.schedulers.sigmas.noise_table import NoiseTable

PAST, FIRST, WALKED = "past", "first", "walked"
MAX_STEPS = 1000
"""A method that sets its own steps and needs more than these does not settle."""
FULL = 1e-5
"""How near to the table's largest sigma counts as it, of itself."""
ORIGINALS: Mapping[str, Any] = {
    "epsilon": lambda output, x, sigma: torch.sub(x, output, alpha=sigma),
    "flow": lambda output, x, sigma: torch.sub(x, output, alpha=sigma),
    "sample": lambda output, x, sigma: output,
    "v": lambda output, x, sigma: x / (sigma**2 + 1) - output * (sigma / math.sqrt(sigma**2 + 1)),
}
"""What an output for x means of x_0, by what the denoiser predicts."""


class SigmaSolver:
    """Walks along noise levels, x_0 + sigma noise or (1 - sigma) x_0 + sigma noise, as a sampler says."""

    order = 1

    def __init__(
        self,
        sampler: Sampler,
        options: Mapping[str, Any],
        sigmas: list[float],
        table: NoiseTable,
        prediction: Prediction,
        device: torch.device,
    ) -> None:
        self._sampler, self._options, self._prediction, self._device = sampler, options, prediction, device
        self._given, self._space = sigmas, LevelSpace(table)
        self._walk = sampler.levels(sigmas, self._space) if sampler.levels else sigmas
        self._brownian = BrownianNoise(sigmas)
        self._past: tuple[Any, ...] = ()
        self._first: int | None = None
        self._skipped = 0
        """How many of the schedule's steps lie before the first."""
        self._moved = False
        """Whether it walks along other levels than from the schedule's beginning."""
        self._walked = sigmas[:1]
        """The levels that a method which sets its own steps has come to."""
        self._times: dict[float, Tensor] = {}
        self._full = math.inf if table.flow else float(table.sigmas[-1]) * (1 - FULL)
        """From where on a level counts as pure noise."""

    @property
    def adaptive(self) -> bool:
        return self._sampler.adaptive

    @property
    def two_sided(self) -> bool:
        return self._sampler.two_sided

    @property
    def timesteps(self) -> Tensor:
        if len(self._levels) < 2:
            return torch.zeros(0)
        return torch.tensor([self._space.table.asked(level) for level in self._levels[:-1]], device=self._device)

    @property
    def sigmas(self) -> Tensor:
        return torch.tensor(self._levels)

    @property
    def end_timestep(self) -> float:
        table = self._space.table
        return float(table.asked(max(self._given[-1], float(table.sigmas[0]))))

    @property
    def initial_scale(self) -> float:
        return self._noise_scale(0)

    def start(self, skipped: int) -> int:
        """What sets its own levels sets them for the steps that are left; they are the last of as many as before."""
        self._skipped, left = skipped, self._given[skipped:]
        self._sampler.check(left)
        if not self._sampler.levels or not skipped:
            self._walked = self._given[: skipped + 1]
            return skipped
        own = self._sampler.levels(left, self._space)
        before = max(len(self._walk) - len(own), 0)
        own = [*self._walk[:before], *own]
        self._walk, self._moved = own, own != self._walk
        return before

    def scale_input(self, x: Tensor, index: int) -> Tensor:
        return self._seen(x, self._levels[index])

    def add_noise(self, x_0: Tensor, noise: Tensor, index: int) -> Tensor:
        return self._space.alpha(self._given[0] if index == 0 else self._levels[index]) * x_0 + (
            self._noise_scale(index) * noise
        )

    def original(self, output: Tensor, x: Tensor, index: int) -> Tensor:
        found: Tensor = ORIGINALS[self._prediction](output, x, self._levels[index])
        return found

    def thresholded(self, output: Tensor, x: Tensor, index: int) -> Tensor | None:
        return None

    def calls(self, x: Tensor, index: int, noise: StepNoise) -> Calls:
        if self._first is None:
            self._first, self._walked = index, self._given[: index + 1]
        levels, answer = self._levels, None

        def without_text() -> Tensor:
            if answer is None or answer.unconditional is None:
                raise NodeError(
                    f"{self._sampler.name} goes by what the denoiser foresees without the text; use classifier-free "
                    "guidance with a negative text"
                )
            found: Tensor = call.original(answer.unconditional)
            return found

        given = self._given[self._skipped :]
        step = SamplerStep(
            x, index, levels, self._space, noise, self._brownian, self._past, self._first, given, without_text
        )
        taking = self._sampler.take(step, **self._options)
        asked = next(taking)
        while True:
            call = self._call(*asked, levels[index])
            answer = yield call
            try:
                asked = taking.send(answer.x_0)
            except StopIteration as end:
                x = end.value
                break
        self._past = (*step.memory[::-1], *self._past)[:MEMORY]
        if step.arrived is not None:
            self._walked = [*self._walked, step.arrived]
        return x

    def more(self, index: int) -> bool:
        if not self.adaptive:
            return index < len(self._walk) - 1
        if index >= MAX_STEPS:
            raise NodeError(f"{self._sampler.name} has not come to an end in {MAX_STEPS} steps; allow a larger error")
        return self._is_under_way()

    def result(self, x: Tensor) -> Tensor:
        last = self._walk[-1] if self._sampler.residual else self._given[-1]
        return x / (1 - last) if self._space.flow and last < 1 and self._walk[1:] else x

    def state(self) -> dict[str, Any]:
        if self._first is None:
            return {}
        walked = {WALKED: list(self._walked)} if self.adaptive else {}
        return {PAST: self._past, FIRST: self._first, **walked}

    def restore(self, state: dict[str, Any]) -> None:
        self._past, self._first = tuple(state.get(PAST, ())), state.get(FIRST)
        self._walked = list(state.get(WALKED, self._walked))

    @property
    def _levels(self) -> list[float]:
        """The levels that are walked along; of a method that sets its own steps those so far, and those planned."""
        if not self.adaptive:
            return self._walk
        return [*self._walked, *self._walk[self._place() + 1 :]] if self._is_under_way() else self._walked

    def _is_under_way(self) -> bool:
        return len(self._given) > 1 and self._walked[-1] > (self._given[-1] or self._given[-2]) * (1 + FULL)

    def _place(self) -> int:
        """The step of the schedule that the level which has been come to lies in."""
        return max(index for index, sigma in enumerate(self._given) if sigma >= self._walked[-1])

    def _call(self, x: Tensor, sigma: float, own: float) -> Call:
        original = partial(ORIGINALS[self._prediction], x=x, sigma=sigma)
        if self.adaptive:
            return Call(self._seen(x, sigma), self._time(sigma), original, self._level(sigma), self._place())
        level = None if sigma == own and not self._moved else self._level(sigma)
        return Call(self._seen(x, sigma), self._time(sigma), original, level)

    def _seen(self, x: Tensor, sigma: float) -> Tensor:
        return x if self._space.flow else x / math.sqrt(sigma**2 + 1)

    def _level(self, sigma: float) -> tuple[float, float]:
        """Alpha and sigma of what the denoiser sees."""
        size = 1.0 if self._space.flow else math.hypot(1, sigma)
        return self._space.alpha(sigma) / size, sigma / size

    def _time(self, sigma: float) -> Tensor:
        if not self._times and len(self._levels) > 1:
            self._times = dict(zip(self._levels, self.timesteps.unbind(), strict=False))
        if sigma not in self._times:
            self._times[sigma] = torch.tensor(self._space.table.asked(sigma), device=self._device)
        return self._times[sigma]

    def _noise_scale(self, index: int) -> float:
        sigma = self._given[0] if index == 0 else self._levels[index]
        return math.hypot(1, sigma) if sigma > self._full else sigma
