"""A Gaussian mixture with a known score, and samplers that walk on it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from benchmarks.parity import KINDS, ToyDenoiser
from benchmarks.samplers import exact, start
from nodeflow.wires import Denoiser, Guided, Guider

FLOW = KINDS["SD3"]


@dataclass(frozen=True, eq=False)
class TwoSided:
    """A guider of two predictions of x_0, as classifier-free guidance has them."""

    denoiser: Denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        conditional, unconditional = 0.5 * torch.tanh(x), 0.3 * torch.tanh(x)
        return Guided(conditional + 0.5 * (conditional - unconditional), conditional, unconditional)

    def at(self, index: int, total: int) -> Guider:
        return self

    def unguided(self) -> Guider:
        return self


TWO_SIDED = TwoSided(ToyDenoiser("sample"))


@pytest.fixture(scope="module")
def end() -> Tensor:
    return exact(start())
