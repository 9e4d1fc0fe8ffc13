"""Models trained on noise levels without steps between them (EDM, Karras et al. 2022, arXiv:2206.00364): CosXL and
Playground 2.5.

A network F of theirs is told c_noise = ln(sigma) / 4 for a time, and means x_0 = c_skip x + c_out F, with c_skip =
d² / (sigma² + d²) and c_out = ± sigma d / sqrt(sigma² + d²), where d is the deviation of the data (table 1). In units
of d, with c_out negative, that is just the v of Salimans & Ho 2022; so here they count as models that predict v.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from nodeflow.node import NodeError
from nodeflow.wires import Prediction, Solver, TrainedSchedule
from nodes.schedulers.solvers.diffusers_solver import DiffusersSolver, SchedulerKind

COSXL: Mapping[str, Any] = {
    "_class_name": "EDMEulerScheduler",
    "sigma_data": 1.0,
    "sigma_schedule": "exponential",
    "prediction_type": "v_prediction",
}
"""As diffusers loads it; its two ends stand in the file."""
PLAYGROUND: Mapping[str, Any] = {
    "_class_name": "EDMDPMSolverMultistepScheduler",
    "sigma_min": 0.002,
    "sigma_max": 80.0,
    "sigma_data": 0.5,
    "sigma_schedule": "karras",
    "prediction_type": "epsilon",
}
"""Playground 2.5 (Li et al. 2024, arXiv:2402.17245), as its folder has it."""
_MULTISTEP = "EDMDPMSolverMultistepScheduler"
KINDS: Mapping[str, SchedulerKind] = {
    "Euler": SchedulerKind("EDMEulerScheduler", "exploding"),
    "DPM++ 2M": SchedulerKind(_MULTISTEP, "exploding", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    "DPM++ 2M SDE": SchedulerKind(_MULTISTEP, "exploding", {"algorithm_type": "sde-dpmsolver++", "solver_order": 2}),
}
"""The kinds that diffusers has for these noise levels, by the names of the node."""


def is_edm(trained: TrainedSchedule) -> bool:
    return str(trained.config.get("_class_name", "")).startswith("EDM")


def deviation_of(trained: TrainedSchedule) -> float:
    """Of the data, by which latents are divided; 1 for all other models."""
    return float(trained.config.get("sigma_data", 0.5)) if is_edm(trained) else 1.0


def predicting_v(module: nn.Module, trained: TrainedSchedule) -> TrainedSchedule:
    """The schedule of a network that predicts v, after the network's last layer was turned round where it did not."""
    if not is_edm(trained) or trained.config.get("prediction_type", "epsilon") == "v_prediction":
        return trained
    last: Any = module.get_submodule("conv_out")
    for name, weight in (("weight", last.weight), ("bias", last.bias)):
        setattr(last, name, nn.Parameter(-weight.detach(), requires_grad=False))
    return TrainedSchedule({**trained.config, "prediction_type": "v_prediction"})


def check_kind(kind: str, trained: TrainedSchedule) -> None:
    """Raise NodeError for a kind of scheduler that has no form for these noise levels."""
    if is_edm(trained) and kind not in KINDS:
        raise NodeError(f"{kind} has no form for the noise levels of this model (EDM's); choose {', '.join(KINDS)}")


def edm_solver(
    kind: str, trained: TrainedSchedule, steps: int, karras: bool, prediction: Prediction, device: torch.device
) -> Solver:
    """One run, in units of the data's deviation. Raises NodeError where the two do not fit."""
    import diffusers

    check_kind(kind, trained)
    if prediction != "v":
        raise NodeError(f"this model's noise levels are EDM's, whose networks predict v here, and not {prediction}")
    deviation, config = deviation_of(trained), trained.config
    scheduler: Any = getattr(diffusers, KINDS[kind].name)(
        sigma_min=float(config.get("sigma_min", 0.002)) / deviation,
        sigma_max=float(config.get("sigma_max", 80.0)) / deviation,
        sigma_data=1.0,
        sigma_schedule="karras" if karras else str(config.get("sigma_schedule", "karras")),
        rho=float(config.get("rho", 7.0)),
        prediction_type="v_prediction",
        **KINDS[kind].options,
    )
    scheduler.set_timesteps(steps, device=device)
    scheduler.timesteps = scheduler.timesteps + math.log(deviation) / 4
    return DiffusersSolver(scheduler, KINDS[kind], prediction, {})
