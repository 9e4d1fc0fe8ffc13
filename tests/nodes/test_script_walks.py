"""What scripts hold to walk along noise levels gives the numbers that runs give, to the last bit."""

from __future__ import annotations

import ast
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.parity import KINDS as TRAINED
from benchmarks.parity import SEED, sampled
from nodeflow.wires import TrainedSchedule
from nodes.schedulers.edit_sigmas import cut
from nodes.schedulers.sampler_schedules import k_sampler
from nodes.schedulers.sigmas.noise_table import noise_table
from nodes.schedulers.sigmas.spacings import SPACINGS as OURS
from nodes.schedulers.sigmas.spacings import spaced
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from nodes.script.sigmas import BROWNIAN, DISCARDING, OF_ITSELF, SPACINGS, STEPS

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torchsde's, of levels that differ in the last bit
ROOMS = "samplers", "uni_pc", "spacings", "trained_levels", "walking"
samplers, uni_pc, spacings, trained_levels, walking = (import_module(f"nodes.script.functions.{one}") for one in ROOMS)
COSINE = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2"}
NO_SIGNAL = {**COSINE, "beta_schedule": "linear", "rescale_betas_zero_snr": True}


def levels_of(trained: TrainedSchedule | None) -> Any:
    """The levels as a script makes them."""
    if trained is not None and "FlowMatch" in trained.config.get("_class_name", ""):
        return trained_levels.FlowLevels(3.0)
    return trained_levels.DiffusionLevels(STABLE_DIFFUSION if trained is None else trained.config)


@pytest.mark.parametrize("name", SPACINGS)
@pytest.mark.parametrize("trained", [None, TRAINED["SD3"], TrainedSchedule(COSINE), TrainedSchedule(NO_SIGNAL)])
def test_levels_are_spaced_as_in_runs(name: Any, trained: TrainedSchedule | None) -> None:
    table, levels, spacing = noise_table(trained), levels_of(trained), getattr(spacings, name)
    assert torch.equal(table.sigmas, levels.sigmas)
    for steps, denoise, discard in ((1, 1.0, False), (7, 1.0, True), (20, 0.45, False)):
        ours = spaced(OURS[name], table, steps, denoise, discard)
        assert torch.equal(spacings.spaced(spacing, levels, steps, denoise, discard), ours)
    known = [*ours.tolist(), *table.sigmas[-3:].tolist()]
    assert [levels.asked(sigma) for sigma in known] == [table.asked(sigma) for sigma in known]
    for start, end, leftover in ((0, 4, True), (3, 99, False), (2, 5, False), (30, 40, True)):
        assert torch.equal(spacings.part(ours, start, end, leftover), cut(ours, start, end, leftover))


def _is_brownian(name: str) -> bool:
    """Whether a sampler draws the noise of a Brownian motion, which along straight paths is not written."""
    return name.removesuffix("_gpu") in BROWNIAN


def walked(name: str, flow: bool, batch: int) -> Tensor:
    """What a script's walk with a denoiser ends at that foresees half the hyperbolic tangent of what it sees."""

    def predict(x: Tensor, at: Any) -> Tensor:
        x_0 = 0.5 * torch.tanh(x)
        return (x - x_0) / (at.t / 1000) if flow else x_0

    levels = levels_of(TRAINED["SD3"] if flow else None)
    sigmas = spacings.spaced(spacings.karras, levels, 6, discard=name in DISCARDING)
    noise = walking.drawn_at_once((SEED,), (batch, 4, 8, 8))
    take, kind = {**vars(samplers), **vars(uni_pc)}[STEPS[name][0]], "flow" if flow else "sample"
    told = {key: ast.literal_eval(value) for key, value in OF_ITSELF.get(name, {}).items()}
    found = walking.sample_along(predict, take, kind, levels, sigmas, noise, (SEED,), on_the_way=(SEED + 1,), **told)
    assert isinstance(found, Tensor)
    return found


@pytest.mark.parametrize(
    ("name", "flow"), [(name, flow) for name in STEPS for flow in (False, True) if not (flow and _is_brownian(name))]
)
def test_a_walk_is_the_same_to_the_last_bit(name: Any, flow: bool) -> None:
    for batch in (1, 2):
        ours = sampled(name, k_sampler(TRAINED["SD3"] if flow else None, name, "karras", 6), flow, batch)
        assert torch.equal(walked(name, flow, batch), ours)
