"""A model's schedule: odd values are named where it is loaded, and what does not go together at the Scheduler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import TrainedSchedule
from nodes.loaders.families.stable_diffusion.marks import predicts_velocity
from nodes.loaders.families.stable_diffusion_2.family import FAMILY, TELLING
from nodes.loaders.read.schedule_file import read_schedule
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import HIGHEST_SIGMA, KINDS, STABLE_DIFFUSION
from nodes.script.functions.sampling import new_scheduler_with_signal

PLAIN = {"_class_name": "DDIMScheduler", "num_train_timesteps": 1000}


def kept(folder: Path, **fields: Any) -> Path:
    (folder / "scheduler_config.json").write_text(json.dumps({**PLAIN, **fields}))
    return folder


@pytest.mark.parametrize(
    "name", sorted({kind.name for kind in KINDS.values()} | {"UnCLIPScheduler", "EDMEulerScheduler"})
)
def test_whatever_diffusers_saves_is_read(name: str, tmp_path: Path) -> None:
    getattr(diffusers, name)().save_pretrained(tmp_path)
    assert read_schedule(tmp_path).config["_class_name"] == name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_train_timesteps", 0),
        ("num_train_timesteps", 10.5),
        ("num_train_timesteps", "1000"),
        ("num_train_timesteps", None),
        ("beta_start", -0.1),
        ("beta_end", 3),
        ("beta_end", True),
        ("beta_schedule", "linaer"),
        ("beta_schedule", ["linear"]),
        ("trained_betas", [0.1, "x"]),
        ("trained_betas", [0.1, 0.2]),
        ("prediction_type", "noise"),
        ("timestep_spacing", None),
        ("steps_offset", -1),
        ("clip_sample", "yes"),
        ("thresholding", 1),
        ("sample_max_value", 0),
        ("shift", 0),
        ("shift", "3"),
        ("base_shift", {}),
        ("sigma_max", 0),
        ("solver_order", 9),
        ("variance_type", "none"),
        ("shift_terminal", 2),
    ],
)
def test_an_odd_value_is_named_where_it_is_loaded(field: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(NodeError) as told:
        read_schedule(kept(tmp_path, **{field: value}))
    assert field in str(told.value)
    assert "scheduler_config.json" in str(told.value)
    assert str(told.value).count("; ") == 1


def test_betas_that_fall_are_named(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"0\.5 for beta_start and 0\.1 for beta_end"):
        read_schedule(kept(tmp_path, beta_start=0.5, beta_end=0.1))


def test_a_method_without_a_form_for_the_schedule_says_so_at_the_scheduler() -> None:
    trained = TrainedSchedule({**PLAIN, "beta_schedule": "sigmoid", "beta_start": 0.0001, "beta_end": 0.02})
    with pytest.raises(NodeError, match="DDIM cannot be made with this model's schedule"):
        scheduler(trained, "DDIM")
    assert scheduler(trained, "DDPM").steps == 20


def test_more_steps_than_there_are_is_said_at_the_scheduler() -> None:
    with pytest.raises(NodeError, match="at most 10 steps"):
        scheduler(TrainedSchedule({**PLAIN, "num_train_timesteps": 10}), "DDIM", steps=20)


@pytest.mark.parametrize(("kind", "spacing"), [("DPM++ 2M", "linspace"), ("UniPC", "leading")])
def test_as_many_steps_as_levels_are_refused_where_one_would_be_taken_twice(kind: str, spacing: str) -> None:
    trained = TrainedSchedule({**PLAIN, "beta_start": 0.0001, "beta_end": 0.02, "timestep_spacing": spacing})
    with pytest.raises(NodeError, match="twice at one noise level with 1000 steps"):
        scheduler(trained, kind, steps=1000)
    assert scheduler(trained, kind, steps=999).steps == 999


def test_no_two_levels_are_alike_where_a_method_cannot_begin_without_signal(tmp_path: Path) -> None:
    trained = TrainedSchedule({**STABLE_DIFFUSION, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"})
    sigmas = scheduler(trained, "DPM++ 2S", steps=50).begin("v", torch.device("cpu")).sigmas
    assert sigmas.diff().max() < 0
    assert sigmas[0] == pytest.approx(HIGHEST_SIGMA)
    diffusers.DDIMScheduler.from_config(dict(trained.config)).save_pretrained(tmp_path)
    kind = diffusers.DPMSolverSinglestepScheduler
    written = new_scheduler_with_signal(kind, tmp_path, None, 50, solver_order=2, prediction_type="v_prediction")
    assert torch.equal(written.sigmas, sigmas)


@pytest.mark.parametrize("spacing", ["use_exponential_sigmas", "use_beta_sigmas"])
def test_karras_stands_in_place_of_the_files_own_spacing(spacing: str) -> None:
    trained = TrainedSchedule({**PLAIN, "beta_start": 0.0001, "beta_end": 0.02})
    other = TrainedSchedule({**trained.config, spacing: True})
    want, found = (
        scheduler(one, "Euler", sigmas="Karras").begin("epsilon", torch.device("cpu")).sigmas
        for one in (trained, other)
    )
    assert torch.equal(want, found)


@pytest.mark.parametrize(("spread", "told"), [(0.3, "v_prediction"), (0.1, "epsilon")])
def test_a_bias_tells_the_versions_of_stable_diffusion_2_apart(spread: float, told: str) -> None:
    """The base predicts noise, the version for 768 pixels v, in files that are laid out alike (ComfyUI's rule)."""
    bias = spread * torch.linspace(-1, 1, 320)
    assert predicts_velocity(bias) is (told == "v_prediction")
    network = torch.nn.Module()
    holder = network
    for name in TELLING.split(".")[:-1]:
        holder.add_module(name, torch.nn.Module())
        holder = holder.get_submodule(name)
    holder.register_parameter("bias", torch.nn.Parameter(bias))
    config = {"in_channels": 4, "out_channels": 4}
    assert {**FAMILY.schedule(config), **FAMILY.learned(network)}["prediction_type"] == told
    assert predicts_velocity(None)
