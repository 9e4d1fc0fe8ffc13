"""Guidance rescaled as a velocity, and limited as a clean image: against the formulas on numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Guided, LatentFormat, Prediction, Schedule
from nodes.guidance.clean_space import limit_guidance, rescale_guidance
from nodes.schedulers.sampler_schedules import k_sampler

STEPS = 4


@dataclass(frozen=True, eq=False)
class Fixed:
    """A denoiser that is never asked: the guider has the predictions."""

    prediction: Prediction
    format = LatentFormat(4, 8, 8)
    device = torch.device("cpu")
    dtype = torch.float32
    learned_variance = False

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        raise AssertionError("not asked")


@dataclass(frozen=True, eq=False)
class Known:
    """A guider with given predictions."""

    denoiser: Fixed
    guided: Guided

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        return self.guided

    def at(self, index: int, total: int) -> Known:
        return self

    def unguided(self) -> Known:
        return self


def setting(prediction: Prediction) -> tuple[Known, Schedule, Tensor, float]:
    draw = torch.Generator().manual_seed(5)
    x, conditional, unconditional = (torch.randn(2, 4, 8, 8, generator=draw) for _ in range(3))
    guided = unconditional + 7 * (conditional - unconditional)
    schedule = k_sampler(None, "euler", "karras", STEPS)
    sigma = float(schedule.begin(prediction, torch.device("cpu"), False).sigmas[1])
    return Known(Fixed(prediction), Guided(guided, conditional, unconditional)), schedule, x, sigma


def ask(guider: Any, x: Tensor) -> Tensor:
    found: Tensor = guider.predict(x, torch.tensor(0.0), 1, STEPS).output
    return found


def test_velocities_get_back_towards_the_texts_deviation() -> None:
    known, schedule, x, sigma = setting("epsilon")
    wide = x * math.hypot(1, sigma)  # as x = x_0 + sigma noise

    def velocity(epsilon: Tensor) -> Tensor:
        clean = wide - sigma * epsilon
        return (wide / (sigma**2 + 1) - clean) * math.sqrt(sigma**2 + 1) / sigma

    guided, conditional = velocity(known.guided.output), velocity(known.guided.conditional)
    axes = (1, 2, 3)
    scaled = guided * conditional.std(axes, keepdim=True) / guided.std(axes, keepdim=True)
    mixed = 0.7 * scaled + 0.3 * guided
    clean = wide / (sigma**2 + 1) - mixed * sigma / math.sqrt(sigma**2 + 1)
    wanted = (wide - clean) / sigma
    assert torch.allclose(ask(rescale_guidance(known, schedule, 0.7), x), wanted, atol=1e-4)
    assert torch.allclose(ask(rescale_guidance(known, schedule, 0.0), x), known.guided.output, atol=1e-5)


def test_clean_images_get_no_longer_than_the_texts() -> None:
    known, schedule, x, _ = setting("sample")
    found = ask(limit_guidance(known, schedule, 1.0), x)
    before, wanted = (part.norm(dim=1) for part in (known.guided.output, known.guided.conditional))
    assert torch.allclose(found.norm(dim=1), torch.minimum(before, wanted), atol=1e-5)
    assert torch.allclose(ask(limit_guidance(known, schedule, 0.5), x), found / 2, atol=1e-5)


def test_a_text_alone_stays_and_another_schedule_is_refused() -> None:
    known, schedule, x, _ = setting("epsilon")
    alone = Known(known.denoiser, Guided(x, x))
    assert ask(rescale_guidance(alone, schedule), x) is x
    with pytest.raises(NodeError, match="schedule of 4 steps"):
        rescale_guidance(known, schedule).predict(x, torch.tensor(0.0), 1, 9)
