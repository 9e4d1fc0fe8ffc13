"""Schedules of a sampler and the noise levels that it walks along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch

from nodeflow.node import NodeError, Range, Slider, node
from nodeflow.wires import Prediction, Schedule, Sigmas, Solver, TrainedSchedule
from nodes.samplers.solvers.catalogue import SAMPLERS, SamplerName
from nodes.samplers.solvers.sigma_solver import SigmaSolver
from nodes.schedulers.edit_sigmas import cut
from nodes.schedulers.model_sigmas import SpacingName
from nodes.schedulers.sigmas.checks import checked
from nodes.schedulers.sigmas.noise_table import is_flow, noise_table
from nodes.schedulers.sigmas.spacings import DISCARDING, SPACINGS, spaced

Amount = Annotated[float, Slider(0, 1, 0.01)]
Noisy = Annotated[float, Range(0, 100, 0.01)]
OWN = "its own"


@dataclass(frozen=True, eq=False)
class SamplerSchedule:
    """A sampler, what it is told, and the levels that it walks along."""

    sampler: str
    options: Mapping[str, Any]
    sigmas: tuple[float, ...]
    trained: TrainedSchedule | None

    @property
    def steps(self) -> int:
        return len(self.sigmas) - 1

    @property
    def flow(self) -> bool:
        return self.trained is not None and is_flow(self.trained)

    def begin(self, prediction: Prediction, device: torch.device, learned_variance: bool = False) -> Solver:
        if (prediction == "flow") != self.flow:
            kind, other = ("flow", "a diffusion") if prediction == "flow" else (prediction, "flow matching")
            raise NodeError(
                f"this model predicts {kind}, and these sigmas are for {other}; wire the model's schedule to trained"
            )
        method = SAMPLERS[self.sampler]
        return SigmaSolver(
            method, method.chosen(self.options), list(self.sigmas), noise_table(self.trained), prediction, device
        )


def _schedule(
    sampler: str, sigmas: Sigmas, trained: TrainedSchedule | None, options: Mapping[str, Any]
) -> SamplerSchedule:
    """Raises NodeError for levels that the sampler cannot walk along."""
    method, own = SAMPLERS[sampler], trained or sigmas.trained
    levels = checked(sigmas, method.backward)
    if own is not None and is_flow(own) and max(levels) > 1:
        raise NodeError(
            f"the largest sigma is {max(levels):g}, and shares of noise go up to 1; take levels of the model"
        )
    method.check(levels)
    return SamplerSchedule(sampler, {**options}, tuple(levels), own)


def _options(
    eta: float, s_noise: float, s_churn: float, solver_type: str, order: int
) -> dict[str, float | str | int | None]:
    return {
        "eta": eta,
        "s_noise": s_noise,
        "s_churn": s_churn,
        "solver_type": None if solver_type == OWN else solver_type,
        "order": order or None,
    }


@node("Sampler along sigmas", version=2)
def sigmas_schedule(
    sigmas: Sigmas,
    sampler: SamplerName = "euler",
    trained: TrainedSchedule | None = None,
    eta: Amount = 1.0,
    s_noise: Noisy = 1.0,
    s_churn: Noisy = 0.0,
    solver_type: Literal["its own", "midpoint", "heun", "phi_1", "phi_2"] = "its own",
    order: Annotated[int, Range(0, 4)] = 0,
) -> Schedule:
    """Walks along noise levels by a sampler of the field, k-diffusion's names among them.

    Wire the levels, and the model's ``schedule`` to ``trained`` where the levels were not made with it: it says at
    which timestep the model is asked. The last level may be above 0; what noise is left then stays in the latent.

    - euler, heun, dpm_2, lms, ipndm, deis, dpmpp_2m, uni_pc, res_multistep, ...: sure and repeatable
    - with ancestral, sde, lcm, ddpm, seeds, sa_solver, er_sde, restart in the name: fresh noise on the way
    - cfg_pp: for guidance scales near 1, the noise is that foreseen without the text (arXiv:2406.08070)
    - dpm_fast asks the model as often as there are steps, dpm_adaptive as often as it needs; both go from the first
      level to the last above 0 in steps of their own

    ``eta`` and ``s_noise``: how much fresh noise a method with noise on the way adds; ``s_churn``: how much euler,
    heun, heunpp2 and dpm_2 add. ``solver_type`` is for dpmpp_2m_sde (midpoint, heun) and seeds_2 (phi_1, phi_2),
    ``order`` for lms, ipndm, ipndm_v, deis, uni_pc, er_sde, sa_solver and dpm_adaptive; 0 is the method's own. Each
    takes what is meant for it. Brownian noise is drawn by torchsde on the CPU, under a name with _gpu too.

    A sampler that asks several times a step counts as one step all the same. Papers stand on ``docs/samplers.md``.

    Fails with one sentence for no, negative, infinite or rising levels, and where levels and model do not go together.
    """
    return _schedule(sampler, sigmas, trained, _options(eta, s_noise, s_churn, solver_type, order))


@node("Sampler and spacing", version=2)
def k_sampler(
    trained: TrainedSchedule | None = None,
    sampler: SamplerName = "euler",
    spacing: SpacingName = "normal",
    steps: Annotated[int, Range(1, 10000)] = 20,
    denoise: Amount = 1.0,
    start_step: Annotated[int, Range(0, 10000)] = 0,
    end_step: Annotated[int, Range(0, 10000)] = 10000,
    leftover_noise: bool = False,
    eta: Amount = 1.0,
    s_noise: Noisy = 1.0,
    s_churn: Noisy = 0.0,
) -> Schedule:
    """Walks by a sampler and a spacing of noise levels, both by the names that people know.

    Such as euler and normal, or dpmpp_2m and karras. Wire the model's ``schedule`` to ``trained``; without it the
    levels are Stable Diffusion's. The same as Sigmas of a model and Sampler along sigmas, with one step more and the
    last level before 0 dropped for dpm_2, dpm_2_ancestral, uni_pc and uni_pc_bh2, as is usual.

    ``denoise`` below 1, for image to image, takes the last ``steps`` of steps / denoise. ``start_step`` and
    ``end_step`` take a part of the steps; with ``leftover_noise`` the latent keeps the noise that is left there, for
    another sampler to go on from, whose noise starts from nothing. Methods that look at one step alone (euler, heun,
    dpm_2) then end where the whole walk does; those that look back at earlier ones begin afresh.

    Fails as those two do.
    """
    table = noise_table(trained)
    values = spaced(SPACINGS[spacing], table, steps, denoise, sampler in DISCARDING)
    sigmas = Sigmas(cut(values, start_step, end_step, leftover_noise), trained)
    return _schedule(sampler, sigmas, trained, _options(eta, s_noise, s_churn, OWN, 0))


@node("Adaptive sampler along sigmas", version=2)
def adaptive_schedule(
    sigmas: Sigmas,
    trained: TrainedSchedule | None = None,
    order: Literal["3", "2"] = "3",
    rtol: Annotated[float, Range(0.0001, 100, 0.001)] = 0.05,
    atol: Annotated[float, Range(0.00001, 100, 0.0001)] = 0.0078,
    h_init: Annotated[float, Range(0.0001, 100, 0.01)] = 0.05,
    pcoeff: Annotated[float, Range(0, 100, 0.01)] = 0.0,
    icoeff: Annotated[float, Range(0, 100, 0.01)] = 1.0,
    dcoeff: Annotated[float, Range(0, 100, 0.01)] = 0.0,
    accept_safety: Annotated[float, Range(0, 100, 0.01)] = 0.81,
    eta: Amount = 0.0,
    s_noise: Noisy = 1.0,
) -> Schedule:
    """Walks along noise levels in steps that the method sets by its own error (dpm_adaptive).

    It goes from the first level to the last above 0. A step is taken with two orders; where they differ by more than
    ``atol``, or than ``rtol`` of x, it is taken again, shorter. ``h_init`` is the first step in log sigma; ``pcoeff``,
    ``icoeff`` and ``dcoeff`` steer how the next one is found (a PID controller), and a step is kept when it would grow
    by ``accept_safety``. How many steps there are shows on the way; guidance counts by the levels that were given.
    Images of a batch share their steps.

    Fails as Sampler along sigmas does, and where 1,000 steps are not enough.
    Paper: Lu et al. 2022, DPM-Solver (arXiv:2206.00927), appendix C.
    """
    told = {
        "order": int(order),
        "rtol": rtol,
        "atol": atol,
        "h_init": h_init,
        "pcoeff": pcoeff,
        "icoeff": icoeff,
        "dcoeff": dcoeff,
        "accept_safety": accept_safety,
        "adaptive_eta": eta,
        "s_noise": s_noise,
    }
    return _schedule("dpm_adaptive", sigmas, trained, told)
