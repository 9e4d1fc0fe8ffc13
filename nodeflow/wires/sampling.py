"""A network behind the interface that sampling knows, what leads it, and what a run leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from nodeflow.wires.schedules import Prediction
from nodeflow.wires.values import Conditioning, LatentFormat


class Denoiser(Protocol):
    """A network behind the one interface that sampling knows."""

    @property
    def format(self) -> LatentFormat: ...

    @property
    def prediction(self) -> Prediction: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype: ...

    @property
    def learned_variance(self) -> bool:
        """Return whether its output has C more channels, which say the variance of a step (Nichol & Dhariwal 2021)."""
        ...

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        """The network's output (B, C, h, w), or (B, 2 C, h, w) with a learned variance, for x at a timestep.

        Conditioning of one row serves the whole batch.
        """
        ...


@dataclass(frozen=True, eq=False)
class Guided:
    """A guided prediction and what it was made from, each (B, C, h, w); ``variance`` where the denoiser predicts it."""

    output: Tensor
    conditional: Tensor
    unconditional: Tensor | None = None
    variance: Tensor | None = None


class Guider(Protocol):
    """A denoiser together with what leads it."""

    @property
    def denoiser(self) -> Denoiser: ...

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        """The guided prediction for x at step ``index`` of ``total``."""
        ...

    def at(self, index: int, total: int) -> Guider:
        """The guider in force at a step, which alone determines the prediction there: itself, where it never changes.

        As a frozen dataclass it can be told from others, so that runs that agree up to a step share what they compute.
        """
        ...

    def unguided(self) -> Guider:
        """The same without guidance: the conditional prediction alone, in half the time where it took two."""
        ...


@dataclass(frozen=True, eq=False)
class Attention:
    """Hold where each place of the image looked in one step: shares of its attention, float16, the mean over heads.

    For each layer by name: ``maps`` (B, h, w, L) to the L tokens of the text, ``words``; ``places`` (B, h, w, h', w')
    to the image itself. The shares of a layer that looks at one of them sum to 1; where one softmax is over both
    (joint attention), the two sum to 1 together.
    """

    words: tuple[str, ...]
    maps: Mapping[str, Tensor]
    places: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class NetworkMap:
    """Hold a network as it was drawn, (1, 3, H, W), and what each of its blocks gave in one pass.

    ``boxes`` has for each block its left, top and side in pixels of the drawing; ``features`` its channels (C, h, w), a
    part of them where there are many; ``words`` what there is to say of it.
    """

    image: Tensor
    boxes: tuple[tuple[int, int, int], ...]
    features: tuple[Tensor, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Hold what happened in a sampling run, step by step: N steps, each tensor (B, C, h, w).

    ``x`` has N + 1 entries (the last is the result); ``original`` is the estimate of x_0 at each step.
    ``unconditional`` has None for a step that made no such prediction, and is empty where none did.
    ``attention`` is empty unless it was asked for. ``first`` is the number of its first step on the schedule.
    ``levels`` (N, 2) are alpha and sigma of each step, where x = alpha x_0 + sigma noise. ``thresholded`` is what
    `Solver.thresholded` tells of each step, (B, 3); None for a step that left x_0 as it was, empty where all did.
    ``prediction`` is what ``conditional`` and ``unconditional`` are predictions of; None where it is not known.
    ``variance`` is where between the smaller and the larger logarithm of the variance the network puts each number,
    0 to 1; None for a step, and empty, where it learned none.
    """

    timesteps: Tensor
    sigmas: Tensor
    x: tuple[Tensor, ...] = ()
    original: tuple[Tensor, ...] = ()
    conditional: tuple[Tensor, ...] = ()
    unconditional: tuple[Tensor | None, ...] = ()
    attention: tuple[Attention, ...] = ()
    first: int = 0
    levels: Tensor | None = None
    thresholded: tuple[Tensor | None, ...] = ()
    prediction: Prediction | None = None
    variance: tuple[Tensor | None, ...] = ()
