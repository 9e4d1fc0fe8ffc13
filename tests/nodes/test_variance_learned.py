"""The learned variance of a step, between beta and the posterior's."""

import pytest
import torch

from nodeflow.engine.inspect.trajectory_quantities import quantities
from nodeflow.engine.inspect.trajectory_views import frame
from nodeflow.node import NodeError
from nodeflow.views import ViewRequest
from nodeflow.wires import Conditioning, Latent, LatentFormat, Noise, TrainedSchedule
from nodes.denoisers.variance_learned import learned_variance, variance_bounds
from nodes.guidance.classifier_free import by_text
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import DiffusersSchedule
from tests.nodes.finishing import finish

TRAINED = TrainedSchedule({"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"})


class Sure:
    """A denoiser that says the same of every variance."""

    format, prediction = LatentFormat(4, 1, 8), "epsilon"
    device, dtype = torch.device("cpu"), torch.float32

    def __init__(self, says: float, learned_variance: bool = True) -> None:
        self.says, self.learned_variance = says, learned_variance

    def predict(self, x: torch.Tensor, timestep: torch.Tensor, conditioning: Conditioning) -> torch.Tensor:
        return torch.cat([x, torch.full_like(x, self.says)], 1)


def test_the_bounds_are_those_of_the_scheduler() -> None:
    from diffusers import DDPMScheduler

    scheduler = DDPMScheduler(beta_start=0.0001, beta_end=0.02, variance_type="fixed_small")
    low, high = variance_bounds(scheduler.alphas_cumprod.double(), 400)
    assert 10**low == pytest.approx(float(scheduler._get_variance(400)), rel=1e-3)
    assert 10**high == pytest.approx(float(scheduler.betas[400]), rel=1e-3)


@pytest.mark.parametrize(("says", "share"), [(-1.0, 0.0), (1.0, 1.0), (0.0, 0.5)])
def test_the_share_is_what_the_network_says(says: float, share: float) -> None:
    found, steps = finish(learned_variance(Sure(says), Conditioning(), Latent(torch.zeros(1, 4, 8, 8)), TRAINED, 3))  # type: ignore[arg-type]
    assert found.share.y.tolist() == pytest.approx([share] * 3) and len(steps) == 3
    low, high = variance_bounds((1 - torch.linspace(0.0001, 0.02, 1000, dtype=torch.float64)).cumprod(0), 500)
    assert found.variance.y[1] == pytest.approx(share * high + (1 - share) * low, rel=1e-3)


@pytest.mark.parametrize(("says", "share"), [(-1.0, 0.0), (0.5, 0.75)])
def test_each_step_of_a_run_keeps_what_the_network_says_of_its_variance(says: float, share: float) -> None:
    schedule = DiffusersSchedule("DDPM", TRAINED, 3)
    running = sample(by_text(Sure(says), Conditioning()), schedule, Noise((1,), 8, 8))  # type: ignore[arg-type]
    path = finish(running)[0].trajectory
    assert [float(one.mean()) for one in path.variance if one is not None] == pytest.approx([share] * 3)
    assert "learned variance" in quantities(path).choices
    shown = frame(path, ViewRequest(None, {"quantity": "learned variance", "step": 1}, 64))  # type: ignore[arg-type]
    assert shown.columns * shown.rows == 4 and dict(shown.facts)["mean"] == pytest.approx(share)


def test_without_a_learned_variance_it_says_so() -> None:
    with pytest.raises(NodeError, match="predicts no variance"):
        finish(learned_variance(Sure(0, False), Conditioning(), Latent(torch.zeros(1, 4, 8, 8)), TRAINED))  # type: ignore[arg-type]
