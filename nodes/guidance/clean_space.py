"""Guided predictions held back where they are too strong: as velocities, and as the clean images that they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import Slider, node
from nodeflow.wires import Denoiser, Guided, Guider, Prediction, Schedule
from nodes.denoisers.calls.prediction_types import NoiseLevel, level_at, levels, original, output_for
from nodes.guidance.predictions.formulas import rescale_guided

Change = Callable[[Tensor, Tensor], Tensor]
"""Makes another prediction of the guided and the conditional one, in the space of the change."""


@dataclass(frozen=True, eq=False)
class HeldBack:
    """A guider whose prediction is changed as a velocity, or as the clean image that it means."""

    guider: Guider
    levels: tuple[NoiseLevel, ...]
    change: Change
    as_velocity: bool

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        level = level_at(self.levels, index, total)
        found = self.guider.predict(x, timestep, index, total)
        if found.unconditional is None:
            return found
        kind = self.denoiser.prediction
        guided, conditional = (original(kind, part, x, level) for part in (found.output, found.conditional))
        if self.as_velocity:
            velocity: Prediction = "flow" if kind == "flow" else "v"
            changed = self.change(*(output_for(velocity, part, x, level) for part in (guided, conditional)))
            guided = original(velocity, changed, x, level)
        else:
            guided = self.change(guided, conditional)
        return replace(found, output=output_for(kind, guided, x, level))

    def at(self, index: int, total: int) -> Guider:
        guider = self.guider.at(index, total)
        return self if guider is self.guider else replace(self, guider=guider)

    def unguided(self) -> Guider:
        return self.guider.unguided()


@node("Rescale guidance")
def rescale_guidance(guider: Guider, schedule: Schedule, share: Annotated[float, Slider(0, 1, 0.01)] = 0.7) -> Guider:
    """Brings guided predictions back towards the deviation of those of the text alone, as velocities.

    A guided velocity v has a larger deviation than the conditional one c, so that images become glaring. It is scaled
    to v std(c) / std(v), and mixed with itself: ``share`` of the scaled one. What the network predicts is turned into
    a velocity and back (v = alpha noise - sigma x_0; for flow models noise - x_0). Classifier-free guidance has the
    same rule for the prediction as it is, in *rescale*. A guider that asks for the text alone stays as it is.

    Wire the schedule of the sampler here. Fails where it is another one.
    Paper: Lin et al. 2023, Common Diffusion Noise Schedules and Sample Steps are Flawed (arXiv:2305.08891), section
    3.4.
    """

    def change(guided: Tensor, conditional: Tensor) -> Tensor:
        return rescale_guided(guided, conditional, share)

    return HeldBack(guider, levels(schedule, guider.denoiser), change, True)


@node("Limit guidance")
def limit_guidance(guider: Guider, schedule: Schedule, strength: Annotated[float, Slider(0, 2, 0.01)] = 1.0) -> Guider:
    """Keeps the clean images that guidance foresees no longer than those of the text alone, cell by cell.

    Where the guided clean image g is longer over its channels than the conditional one c, it is scaled to c's length;
    where it is shorter it stays: ``strength`` g min(1, |c| / |g|). *Normalise guidance* does it to the prediction, both
    ways, token by token. A guider that asks for the text alone stays as it is.

    Wire the schedule of the sampler here. Fails where it is another one.
    Paper: Wu et al. 2025, Qwen-Image Technical Report (arXiv:2508.02324), whose pipeline limits guidance so.
    """

    def change(guided: Tensor, conditional: Tensor) -> Tensor:
        wanted, found = (torch.linalg.vector_norm(part, dim=1, keepdim=True) for part in (conditional, guided))
        return guided * (wanted / (found + 1e-8)).clamp(0, 1) * strength

    return HeldBack(guider, levels(schedule, guider.denoiser), change, False)
