"""The noise levels of a model that was trained without steps between them (EDM), as a table. No nodes here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from nodeflow.wires import TrainedSchedule
from nodes.schedulers.solvers.edm import deviation_of, ends_of

ENTRIES = 1000
"""How many levels the table has, even in their logarithm, for spacings that count entries."""


@dataclass(frozen=True, eq=False)
class EDMTable:
    """Levels from ``low`` to ``high`` in units of the data's ``deviation``; a timestep is a quarter of a logarithm."""

    low: float
    high: float
    deviation: float
    flow = False

    @cached_property
    def sigmas(self) -> Tensor:
        return torch.linspace(math.log(self.low), math.log(self.high), ENTRIES).exp()

    def sigma(self, timestep: Tensor) -> Tensor:
        return (4 * timestep.float()).exp() / self.deviation

    def timestep(self, sigma: Tensor) -> Tensor:
        return (sigma * self.deviation).log() / 4

    def asked(self, sigma: float) -> float:
        return math.log(max(sigma, self.low) * self.deviation) / 4

    def at_share(self, share: float) -> float:
        if share <= 0:
            return math.inf
        low, high = math.log(self.low), math.log(self.high)
        return 0.0 if share >= 1 else math.exp(low + (high - low) * (1 - share))


def edm_table(trained: TrainedSchedule) -> EDMTable:
    """The table of a model that was trained so."""
    return EDMTable(*ends_of(trained), deviation_of(trained))
