"""The learned variance of a step, between beta and the posterior's."""

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Latent, LatentFormat, TrainedSchedule
from nodes.denoisers.variance_learned import learned_variance, variance_bounds
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


def test_without_a_learned_variance_it_says_so() -> None:
    with pytest.raises(NodeError, match="predicts no variance"):
        finish(learned_variance(Sure(0, False), Conditioning(), Latent(torch.zeros(1, 4, 8, 8)), TRAINED))  # type: ignore[arg-type]
