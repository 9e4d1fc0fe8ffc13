"""Points in the plane: what small networks learn of them, against formulas."""

import math
from typing import Any

import pytest
import torch

from nodeflow.node import NumbersError
from nodeflow.wires import PlaneModel, Points
from nodes.networks.live_training import loss_curve
from nodes.plane.denoiser_training import train_on_points
from nodes.plane.field import plane_field
from nodes.plane.gan_game import gan_game
from nodes.plane.noise_paths import Walk, exact, langevin, meaning, moment, times_of
from nodes.plane.normalising_flow import CouplingFlow, normalising_flow
from nodes.plane.points import SHAPES, compare_points, plane_points
from nodes.plane.walking import plane_walk
from tests.nodes.finishing import finish
from tests.telling import telling


class OneGaussian(torch.nn.Module):
    """The noise that is foreseen where the data is N(m, s²): known in closed form."""

    mean, deviation = torch.tensor([1.0, -0.5]), 0.3

    def forward(self, x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        at = moment("diffusion", time)
        variance = (at.alpha * self.deviation).square() + at.sigma.square()
        return at.sigma * (x - at.alpha * self.mean) / variance


@pytest.fixture
def gaussian() -> PlaneModel:
    return PlaneModel(OneGaussian(), "diffusion")


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_points_come_from_their_seed_and_lie_in_the_plane(shape: Any) -> None:
    one, again, other = (plane_points(shape, 300, seed=seed).points.values for seed in (3, 3, 4))
    assert one.shape == (300, 2) and torch.equal(one, again) and not torch.equal(one, other)
    assert one.abs().max() < 3 and one.std() > 0.3


def test_comparison_tells_what_is_left_out_from_what_is_too_much() -> None:
    left, right = torch.randn(50, 2) * 0.01 - 1, torch.randn(50, 2) * 0.01 + 1
    both = Points(torch.cat([left, right]))
    collapsed, scattered = compare_points(Points(left), both), compare_points(both, Points(left))
    assert (collapsed.coverage, collapsed.precision) == (0.5, 1.0)
    assert (scattered.coverage, scattered.precision) == (1.0, 0.5)


def test_the_exact_field_of_one_point_leads_to_it() -> None:
    x, time = torch.randn(20, 2), torch.full((20,), 0.4)
    for path in ("diffusion", "straight"):
        found = exact(Points(torch.tensor([[0.5, -1.0]])), path, x, time)  # type: ignore[arg-type]
        at = moment(path, time)  # type: ignore[arg-type]
        torch.testing.assert_close(found.x_0, torch.tensor([[0.5, -1.0]]).expand(20, 2))
        torch.testing.assert_close(at.alpha * found.x_0 + at.sigma * found.noise, x)
        torch.testing.assert_close(found.score, -found.noise / at.sigma)


@pytest.mark.parametrize("random", [None, 0])
def test_ways_back_end_in_the_distribution_of_the_data(gaussian: PlaneModel, random: int | None) -> None:
    walk = Walk(gaussian, times_of(200), None if random is None else torch.Generator().manual_seed(random))
    x = torch.randn(4000, 2, generator=torch.Generator().manual_seed(1))
    for index in range(200):
        x = walk.step(x, index)
    torch.testing.assert_close(x.mean(0), OneGaussian.mean, atol=0.03, rtol=0)
    assert float(x.std(0).mean()) == pytest.approx(OneGaussian.deviation, rel=0.06)


def test_langevin_dynamics_keeps_the_noisy_distribution(gaussian: PlaneModel) -> None:
    random, time = torch.Generator().manual_seed(0), 0.5
    at = moment("diffusion", torch.tensor([time]))
    wanted = math.hypot(float(at.alpha) * OneGaussian.deviation, float(at.sigma))
    x = 3 * torch.randn(4000, 2, generator=random)
    for _ in range(120):
        x = langevin(gaussian, x, time, 0.1, random)
    assert float(x.std(0).mean()) == pytest.approx(wanted, rel=0.06)


@pytest.mark.parametrize("path", ["diffusion", "straight"])
def test_a_network_learns_the_field_of_points(path: Any) -> None:
    points = Points(torch.tensor([[1.5, 0.0], [-1.5, 0.0]]).repeat(40, 1))
    trained, steps = finish(train_on_points(points, path, 400, 0.005, 32))
    assert len(steps) == 8 and steps[-1].value.pixels.shape == (1, 3, 256, 256)
    assert trained.loss.y[-1] < 0.75 * trained.loss.y[0]
    assert trained.film.pixels.shape[0] == 6 and len(trained.loss_over_t.y) == 41
    untrained = PlaneModel(torch.nn.Module(), path)
    untrained.module.forward = lambda x, time: torch.zeros_like(x)  # type: ignore[method-assign]
    learned, nothing = (
        plane_field(model, points, 0.4, "to the clean point").error for model in (trained.model, untrained)
    )
    assert learned < 0.5 < nothing
    walked, _ = finish(plane_walk(trained.model, steps=30, count=100))
    assert compare_points(walked.points, points, 0.5).precision > 0.7
    assert walked.length >= 1


def test_training_is_the_same_for_the_same_seed_alone() -> None:
    points = plane_points("two moons", 100).points
    one, again, other = (finish(train_on_points(points, steps=100, width=8, seed=s))[0].loss.y for s in (0, 0, 1))
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_every_way_of_walking_shows_its_steps(gaussian: PlaneModel) -> None:
    for method in ("reverse SDE", "Langevin at one level", "annealed Langevin"):
        walked, steps = finish(plane_walk(gaussian, method, 24, 0.1, 16))  # type: ignore[arg-type]
        assert walked.points.values.shape == (16, 2) and walked.points.values.isfinite().all()
        assert steps[-1].index == steps[-1].total == 24


def test_a_flow_goes_back_the_way_it_came_and_knows_its_area() -> None:
    torch.manual_seed(0)
    flow, noise = CouplingFlow(5), torch.randn(6, 2, dtype=torch.float32)
    x = flow.points(noise)
    back, grown = x, torch.zeros(6)
    for layer in reversed(flow.layers):
        back, part = layer(back, back=True)
        grown = grown + part
    torch.testing.assert_close(back, noise, atol=1e-5, rtol=1e-4)
    jacobian = torch.func.vmap(torch.func.jacrev(lambda z: flow.points(z[None])[0]))(noise)
    torch.testing.assert_close(-grown, jacobian.det().abs().log(), atol=1e-4, rtol=1e-3)
    standard = -0.5 * noise.square().sum(1) - math.log(2 * math.pi)
    torch.testing.assert_close(flow.log_likelihood(x), standard + grown, atol=1e-4, rtol=1e-3)


def test_a_flow_raises_the_likelihood_of_its_points() -> None:
    points = plane_points("two moons", 200).points
    learned, steps = finish(normalising_flow(points, 4, 100))
    assert len(steps) == 2 and learned.image.pixels.shape == (1, 3, 256, 256)
    assert learned.log_likelihood > -float(learned.loss.y[0])


@pytest.mark.parametrize(
    "options", telling([{"penalty": 0.3}, {}, {"loss": "saturating", "discriminator_steps": 2}], lambda one: one)
)
def test_the_game_moves_the_generator_to_the_data(options: dict[str, Any]) -> None:
    points = Points(torch.randn(200, 2, generator=torch.Generator().manual_seed(0)) * 0.1 + torch.tensor([1.5, 1.0]))
    game, _ = finish(gan_game(points, 200, 0.003, **options))
    assert (game.points.values.mean(0) - points.values.mean(0)).norm() < 1.0
    assert game.film.pixels.shape[0] == len(game.film.pixels) <= 8
    assert game.discriminator_loss.y.isfinite().all() and len(game.generator_loss.y) == 200


def test_a_loss_that_is_not_finite_is_said() -> None:
    points = Points(torch.full((20, 2), 1e30))
    with pytest.raises(NumbersError, match="lower learning rate"):
        finish(normalising_flow(points, 2, 50, 0.1))


def test_the_smooth_curve_begins_at_the_first_loss() -> None:
    curve = loss_curve([2.0, 2.0, 2.0])
    torch.testing.assert_close(curve.y, torch.full((3,), 2.0, dtype=torch.float64))
    assert curve.x.tolist() == [1, 2, 3]


def test_a_model_means_the_same_by_noise_and_by_flow() -> None:
    x, time = torch.randn(8, 2), torch.full((8,), 0.6)

    class Flow(torch.nn.Module):
        def forward(self, x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
            return exact(data, "straight", x, time).velocity

    data = Points(torch.randn(30, 2))
    found, wanted = meaning(PlaneModel(Flow(), "straight"), x, time), exact(data, "straight", x, time)
    torch.testing.assert_close(found.x_0, wanted.x_0, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.score, wanted.score, atol=1e-4, rtol=1e-4)
