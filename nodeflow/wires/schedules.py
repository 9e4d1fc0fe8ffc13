"""Schedules: how much noise at which step, and how a step is taken."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

from nodeflow.wires.noise import StepNoise

Prediction = Literal["epsilon", "v", "sample", "flow"]
"""What a denoiser predicts: noise, velocity (Salimans & Ho 2022), x_0, or the flow noise - x_0 (Lipman et al. 2023)."""


@dataclass(frozen=True)
class TrainedSchedule:
    """The noise schedule that a model was trained with, as the fields of a diffusers scheduler's configuration."""

    config: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Sigmas:
    """Noise levels to walk along: ``values`` (N + 1,), float32, one more than there are steps.

    Noise to signal ratios, or for flow matching the noise's share. ``trained`` is the schedule they were made for,
    where there was one.
    """

    values: Tensor
    trained: TrainedSchedule | None = None


class Call(NamedTuple):
    """A question to the denoiser: what it sees, when, and what its output means.

    ``original`` turns an output (B, C, h, w) into x_0. ``level`` is alpha and sigma of what is seen, and ``place`` the
    step of the schedule whose guidance is in force, where they are others than the step's own.
    """

    seen: Tensor
    timestep: Tensor
    original: Callable[[Tensor], Tensor]
    level: tuple[float, float] | None = None
    place: int | None = None


class Answer(NamedTuple):
    """The denoiser's answer to a call: its output, guided and without the text, the x_0 that it means, the variance."""

    output: Tensor
    x_0: Tensor
    unconditional: Tensor | None = None
    variance: Tensor | None = None


Calls = Generator[Call, Answer, Tensor]
"""A step: asks as often as it needs, and returns x one step further."""


class Solver(Protocol):
    """One run along a schedule. It has state (multistep history): made for the run and thrown away after it."""

    @property
    def timesteps(self) -> Tensor:
        """(N,) from most to least noise."""
        ...

    @property
    def sigmas(self) -> Tensor:
        """(N + 1,) noise to signal ratio at each step and at the end; for flow matching the noise's share."""
        ...

    @property
    def end_timestep(self) -> float:
        """The timestep of the level that the last step leads to, but at least the least one that was trained."""
        ...

    @property
    def initial_scale(self) -> float:
        """Standard deviation of x at the first step."""
        ...

    @property
    def order(self) -> int:
        """Return how many timesteps make one step: 2 where each step asks the denoiser twice."""
        ...

    def start(self, skipped: int) -> int:
        """Leave out so many of the schedule's first steps, before any is taken; return the index to begin at.

        Raises NodeError where the rest cannot be walked along.
        """
        ...

    def scale_input(self, x: Tensor, index: int) -> Tensor:
        """Return what the denoiser sees of x (B, C, h, w) at a step."""
        ...

    def add_noise(self, x_0: Tensor, noise: Tensor, index: int) -> Tensor:
        """x at a step, from a clean latent and noise (the forward process)."""
        ...

    def calls(self, x: Tensor, index: int, noise: StepNoise) -> Calls:
        """A step from x (B, C, h, w), which asks the denoiser once or several times."""
        ...

    @property
    def adaptive(self) -> bool:
        """Return whether it sets its own steps: then only the way shows how many they are."""
        ...

    @property
    def two_sided(self) -> bool:
        """Return whether it goes by what is foreseen without the text too, whatever the scale of guidance."""
        ...

    def more(self, index: int) -> bool:
        """Return whether there is such a step."""
        ...

    def result(self, x: Tensor) -> Tensor:
        """The latent that x means after the last step, where that leaves noise in it too."""
        ...

    def original(self, output: Tensor, x: Tensor, index: int) -> Tensor:
        """The denoiser's estimate of x_0 at a step."""
        ...

    def thresholded(self, output: Tensor, x: Tensor, index: int) -> Tensor | None:
        """Return what keeping that estimate within its range does to it, (B, 3); None where nothing keeps it there.

        Of each image the share of its values that lay beyond -1 to 1, the threshold that was set for it, and the
        share that lay beyond that and was cut off.
        """
        ...

    def state(self) -> dict[str, Any]:
        """Return what its steps so far have left in it, as plain values and tensors, lists and dicts; nothing changes
        it."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state that another run of the same schedule was in."""
        ...


@runtime_checkable
class Schedule(Protocol):
    """Hold which scheduler, and how many steps of which sizes."""

    @property
    def steps(self) -> int: ...

    @property
    def flow(self) -> bool:
        """Return whether it leads along the straight paths of flow matching rather than back through a diffusion."""
        ...

    def begin(self, prediction: Prediction, device: torch.device, learned_variance: bool = False) -> Solver:
        """A solver for one run with a denoiser of this prediction type. Raises NodeError where the two do not fit.

        ``learned_variance``: the denoiser predicts the variance of each step too.
        """
        ...
