"""DDIM with eta 1 begins at pure noise without making numbers that are none."""

from __future__ import annotations

import pytest
import torch

from nodeflow.engine.previews.summaries import preview
from nodeflow.wires import Latent
from nodes.loaders.load_models import load_latent_diffusion
from nodes.schedulers.schedulers import DiffusersSchedule


@pytest.mark.parametrize("steps", [2, 7, 20, 30, 31, 50])
def test_a_first_step_from_pure_noise_is_finite(steps: int) -> None:
    trained = load_latent_diffusion("starter:latent-diffusion").schedule
    solver = DiffusersSchedule("DDIM", trained, steps, eta=1.0).begin("v", torch.device("cpu"))
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    assert solver.step(-x, x, 0, [torch.Generator().manual_seed(2)]).isfinite().all()


def test_a_value_of_no_numbers_can_be_looked_at() -> None:
    assert preview(Latent(torch.full((1, 4, 8, 8), float("nan")))).startswith(b"\x89PNG")
