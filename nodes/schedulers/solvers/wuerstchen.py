"""Würstchen's own steps (Pernias et al. 2023, arXiv:2306.00637): those of Ho et al. 2020 between any two times.

The networks of Stable Cascade are told a share of the way; here it counts as timesteps, of which they know 1000.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import TrainedSchedule
from nodes.schedulers.solvers.diffusers_solver import DiffusersSolver, SchedulerKind

KIND = SchedulerKind("DDPMWuerstchenScheduler", "preserving")
DDPM = "DDPM"
"""What the method is called on the node."""


def is_wuerstchen(kind: str, trained: TrainedSchedule) -> bool:
    """Return whether a method is a model's own of this kind."""
    return kind == DDPM and trained.config.get("_class_name") == KIND.name


def wuerstchen_solver(trained: TrainedSchedule, steps: int, device: torch.device) -> WuerstchenSolver:
    """One run."""
    from diffusers import DDPMWuerstchenScheduler

    settings = {name: trained.config[name] for name in ("scaler", "s") if name in trained.config}
    scheduler: Any = DDPMWuerstchenScheduler(**settings)
    scheduler.set_timesteps(steps, device=device)
    return WuerstchenSolver(scheduler, int(trained.config.get("num_train_timesteps", 1000)))


class WuerstchenSolver(DiffusersSolver):
    """diffusers' `DDPMWuerstchenScheduler`, whose times run from 1 to 0."""

    def __init__(self, scheduler: Any, trained: int) -> None:
        self._shares: Tensor = scheduler.timesteps
        signal = scheduler._alpha_cumprod(self._shares, self._shares.device).double()
        scheduler.order, scheduler.sigmas = 1, ((1 - signal) / signal).sqrt()
        super().__init__(scheduler, KIND, "epsilon", {})
        self._told = self._shares[:-1] * trained - 1
        self._times = self._told.unbind()

    @property
    def timesteps(self) -> Tensor:
        return self._told

    def step(
        self,
        output: Tensor,
        x: Tensor,
        index: int,
        generators: list[torch.Generator],
        variance: Tensor | None = None,
    ) -> Tensor:
        time = self._shares[index].expand(len(x))
        stepped: Tensor = self._scheduler.step(output, time, x, generators, return_dict=False)[0]
        return stepped
