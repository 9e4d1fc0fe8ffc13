"""What samplers show of their way, and what they are told on it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from mixtures import FLOW, TWO_SIDED
from torch import Tensor

from benchmarks.parity import ToyDenoiser, ended, toy
from nodeflow.engine.inspect.plain_views import curve
from nodeflow.node import NodeError
from nodeflow.views import Chart, ViewRequest
from nodeflow.wires import Curve, Latent, Mask, Noise, Sigmas
from nodes.guidance.classifier_free import change_guidance, no_guidance
from nodes.samplers.inpainting import inpaint
from nodes.samplers.sampler_error import sampler_error
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.edit_sigmas import manual_sigmas, part_of_sigmas, split_sigmas
from nodes.schedulers.model_sigmas import model_sigmas
from nodes.schedulers.sampler_schedules import adaptive_schedule, k_sampler, sigmas_schedule
from nodes.schedulers.schedule_curves import noise_added
from nodes.schedulers.schedulers import change_scheduler, scheduler

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torchsde's, of levels that differ in the last bit


def test_an_adaptive_run_shows_how_many_steps_it_took_and_where() -> None:
    schedule = adaptive_schedule(model_sigmas(None, "normal", 8))
    seen = list(sample(toy(False), schedule, Noise((3,))))
    found = ended(sample(toy(False), schedule, Noise((3,)))).trajectory
    assert [step.index for step in seen] == list(range(1, len(seen) + 1))
    assert len(found.original) == len(found.timesteps) == len(found.sigmas) - 1 == len(seen)
    assert (found.sigmas.diff() < 0).all()
    assert found.levels is not None
    assert len(found.levels) == len(seen)
    with pytest.raises(NodeError, match="1000 steps; allow a larger error"):
        ended(
            sample(
                toy(False),
                adaptive_schedule(model_sigmas(None), rtol=1e-4, atol=1e-5, h_init=1e-4, icoeff=0),
                Noise((3,)),
            )
        )


def test_the_guider_is_told_the_level_that_it_is_asked_at() -> None:
    """What is known outside of a mask comes out as it was, though a sampler asks between the levels too."""
    known = Latent(torch.linspace(-1, 1, 256).reshape(1, 4, 8, 8))
    outside = Mask(torch.zeros(1, 1, 8, 8))
    for name in ("heun", "dpm_2", "dpmpp_sde", "seeds_3", "dpm_adaptive", "dpmpp_2s_ancestral"):
        for trained, flow in ((None, False), (FLOW, True)):
            schedule = k_sampler(trained, name, "karras", 6)
            found = ended(sample(inpaint(toy(flow), schedule, known, outside), schedule, Noise((3,)))).latent.samples
            assert torch.allclose(found, known.samples, atol=0.12 if name == "dpm_adaptive" else 1e-4), name


def test_guidance_changes_at_a_step_of_the_schedule() -> None:
    before, after = no_guidance(ToyDenoiser("sample")), TWO_SIDED
    for name in ("dpmpp_sde", "euler"):
        schedule = k_sampler(None, name, "karras", 6)
        found = ended(sample(change_guidance(before, after, 3), schedule, Noise((3,)))).trajectory
        assert [one is not None for one in found.unconditional] == [False] * 3 + [True] * 3


def test_another_method_takes_over_at_a_step() -> None:
    one, other = (k_sampler(None, name, "karras", 8) for name in ("euler", "dpmpp_2m"))
    both = ended(sample(toy(False), change_scheduler(one, other, 4), Noise((3,)))).trajectory
    alone = ended(sample(toy(False), one, Noise((3,)))).trajectory
    assert torch.equal(both.x[4], alone.x[4])
    assert not torch.equal(both.x[-1], alone.x[-1])
    with pytest.raises(NodeError, match="sets its own steps"):
        ended(sample(toy(False), change_scheduler(one, k_sampler(None, "dpm_adaptive", "karras", 8), 4), Noise((3,))))


def test_predictions_of_every_kind_mean_the_same_picture() -> None:
    """A denoiser of epsilon, v, x_0 or flow that foresees the same comes to the same."""

    @dataclass(frozen=True, eq=False)
    class Kind(ToyDenoiser):
        def predict(self, x: Tensor, timestep: Tensor, conditioning: Any) -> Tensor:
            sigma = float(table.sigma(timestep.float()))
            x_0, noisy = 0.5 * torch.tanh(x), x * math.hypot(1, sigma)
            if self.prediction == "sample":
                return x_0
            epsilon = (noisy - x_0) / sigma
            return epsilon if self.prediction == "epsilon" else (epsilon - sigma * x_0) / math.hypot(1, sigma)

    from nodes.schedulers.sigmas.noise_table import noise_table

    table = noise_table(None)
    schedule = sigmas_schedule(Sigmas(torch.cat([table.sigmas[[999, 700, 400, 200, 50]], torch.zeros(1)])), "dpmpp_2m")
    runs = [ended(sample(no_guidance(Kind(kind)), schedule, Noise((3,)))) for kind in ("sample", "epsilon", "v")]
    for run in runs[1:]:
        assert torch.allclose(run.latent.samples, runs[0].latent.samples, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: manual_sigmas("14, 3, 5, 0"), "sigma 2 is 5, not below the 3 before it"),
        (lambda: manual_sigmas("14, -3, 0"), "sigma 1 is -3; noise levels are numbers from 0 up"),
        (lambda: manual_sigmas("14 inf 0"), "sigma 1 is inf"),
        (lambda: manual_sigmas("nan"), "sigma 0 is nan"),
        (lambda: manual_sigmas(" "), "there are no sigmas"),
        (lambda: manual_sigmas("14, three"), "'three' is no number"),
        (lambda: manual_sigmas("3 3"), "fall from step to step"),
        (lambda: manual_sigmas(curve=Curve(torch.arange(2.0), torch.tensor([1.0, 2.0]))), "fall from step to step"),
        (lambda: sigmas_schedule(Sigmas(torch.zeros(0))), "there are no sigmas"),
        (lambda: sigmas_schedule(Sigmas(torch.tensor([14.0, 1.0, 0.0]), FLOW)), "shares of noise go up to 1"),
        (lambda: k_sampler(None, "dpm_adaptive", "karras", 1), "needs a level to end at besides 0"),
        (lambda: k_sampler(None, "dpm_fast", "karras", 1), "needs a level to end at besides 0"),
        (lambda: k_sampler(None, "euler", "simple", 1001), "a table of 1000 levels, not 1001"),
        (lambda: k_sampler(None, "euler", "ddim_uniform", 1001), "a table of 1000 levels, not 1001"),
        (lambda: k_sampler(None, "euler", "beta", 1001), "a table of 1000 levels, not 1001"),
        (lambda: k_sampler(None, "euler", "simple", 11, 0.01), "11 steps at denoise 0.01 are the last of 1100"),
        (lambda: k_sampler(FLOW).begin("epsilon", torch.device("cpu")), "wire the model's schedule to trained"),
        (lambda: k_sampler(None).begin("flow", torch.device("cpu")), "wire the model's schedule to trained"),
        (
            lambda: part_of_sigmas(split_sigmas(model_sigmas(None), 30).high),
            "there are 20 steps, and none of number 30",
        ),
        (
            lambda: ended(sample(toy(False), k_sampler(None, "euler_cfg_pp"), Noise((1,)))),
            "classifier-free guidance with a negative text",
        ),
    ],
)
def test_what_cannot_be_walked_along_is_said_in_a_sentence(make: Any, told: str) -> None:
    with pytest.raises(NodeError) as refused:
        make()
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_diffusers_euler_walks_along_the_levels_of_normal() -> None:
    ours, theirs = k_sampler(None, "euler", "normal", 20), scheduler(None, "Euler", 20)
    one, other = (each.begin("epsilon", torch.device("cpu")).sigmas for each in (ours, theirs))
    assert torch.allclose(one, other, rtol=1e-4)


def test_errors_of_two_samplers_stand_side_by_side() -> None:
    running = sampler_error(toy(False), Noise((3,)), steps="10 20, 40", first="euler", second="dpmpp_2m_sde")
    seen = []
    while True:
        try:
            seen.append(next(running))
        except StopIteration as end:
            found = end.value
            break
    assert seen[-1].index == seen[-1].total == 256 + 2 * 70
    for line, name in ((found.first, "euler"), (found.second, "dpmpp_2m_sde")):
        assert line.x.tolist() == [10, 20, 40]
        assert (line.y.diff() < 0).all(), name
    chart = curve(found.errors, ViewRequest(None))  # type: ignore[arg-type])
    assert isinstance(chart, Chart) and chart.logarithmic
    assert [(series.name, series.y) for series in chart.series] == [
        (name, tuple(one.y.tolist())) for name, one in (("euler", found.first), ("dpmpp_2m_sde", found.second))
    ]
    made = found.latents.samples.double()
    assert made.shape == (7, 4, 8, 8)
    errors = (made[1:] - made[:1]).square().mean((1, 2, 3)).sqrt() / made[0].std()
    assert torch.allclose(errors, torch.cat([found.first.y, found.second.y]))
    assert found.table.splitlines()[4] == "dpmpp_2m_sde, without its noise"
    assert all(0.8 < float(line.rpartition(" ")[2]) < 1.3 for line in found.table.splitlines()[2:4])
    for wrong in ("", "ten", "0", "5000", "-3"):
        with pytest.raises(NodeError, match="are no numbers of steps"):
            next(sampler_error(toy(False), Noise((3,)), steps=wrong))


def test_noise_that_is_added_shows_as_a_curve() -> None:
    sure, lcm = (noise_added(k_sampler(None, name, "karras", 8)) for name in ("euler", "lcm"))
    assert not sure.y.any()
    levels = model_sigmas(None, "karras", 8).values[1:].double()
    assert torch.allclose(lcm.y, levels, rtol=0.05)
    assert noise_added(k_sampler(FLOW, "euler_ancestral", "simple", 8)).y[:-1].all()
    assert noise_added(scheduler(None, "DDIM", 8, eta=1.0)).y[:-1].all()
    assert not noise_added(scheduler(None, "UniPC", 8)).y.any()
    with pytest.raises(NodeError, match="sets its own steps"):
        noise_added(k_sampler(None, "dpm_adaptive", "karras", 8))


def test_the_page_of_the_node_has_the_orders_that_were_measured() -> None:
    """As docs/samplers.md has them, which its script writes."""
    root = Path(__file__).parents[2]
    rows = [line.split("|") for line in (root / "docs" / "samplers.md").read_text(encoding="utf-8").splitlines()]
    measured = {
        row[1].strip(): float(row[4].split()[0]) for row in rows if len(row) > 4 and row[4].strip()[:1].isdigit()
    }
    for lesson in (root / "assets" / "lessons").glob("**/sigmas_schedule.md"):
        said = re.findall(r"(\d+(?:\.\d)?): (\*[^;.\u3002]+)", lesson.read_text(encoding="utf-8"))
        orders = {name: float(order) for order, names in said for name in re.findall(r"\*(\w+)\*", names)}
        assert orders == measured
