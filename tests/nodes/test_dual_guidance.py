"""Guidance by two texts and a negative one, against its formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning, LatentFormat
from nodes.guidance.dual import dual_guidance


@dataclass(frozen=True, eq=False)
class Echo:
    """A denoiser that predicts the first number of its text."""

    prediction = "epsilon"
    format = LatentFormat(4, 8, 8)
    device = torch.device("cpu")
    dtype = torch.float32
    learned_variance = False

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        assert conditioning.tokens is not None
        return torch.full_like(x, float(conditioning.tokens[0, 0, 0]))


def text(value: float) -> Conditioning:
    return Conditioning(torch.full((1, 3, 2), value))


def test_each_text_has_its_scale() -> None:
    denoiser: Any = Echo()
    x = torch.zeros(2, 4, 8, 8)
    for way, wanted in (("side by side", 1 + 2 * (3 - 1) + 5 * (7 - 3)), ("one in the other", 1 + 2 * (3 + 5 * 4 - 1))):
        guider = dual_guidance(denoiser, text(7), text(3), text(1), 5.0, 2.0, way)  # type: ignore[arg-type]
        found = guider.at(0, 4).predict(x, torch.tensor(0.0), 0, 4)
        assert found.output.unique().tolist() == [wanted]
        assert found.conditional.unique().tolist() == [7] and found.unconditional is not None
        assert guider.unguided().predict(x, torch.tensor(0.0), 0, 4).output.unique().tolist() == [7]
