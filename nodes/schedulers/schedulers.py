"""Schedulers of diffusers: which way leads from noise to the image, and in how many steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch

from nodeflow.node import NodeError, Range, Rule, Slider, node
from nodeflow.wires import Prediction, Schedule, Solver, TrainedSchedule
from nodes.loaders.read.folder_files import first_line
from nodes.loaders.read.parts import prediction_of
from nodes.schedulers.solvers.composite import relay
from nodes.schedulers.solvers.diffusers_solver import (
    KARRAS_KINDS,
    KINDS,
    STABLE_DIFFUSION,
    DiffusersSolver,
    flow_spacing,
    new_scheduler,
    spaced,
)
from nodes.schedulers.solvers.edm import check_kind, edm_solver, is_edm
from nodes.schedulers.solvers.wuerstchen import is_wuerstchen, wuerstchen_solver

MAX_ETA = 1 - 1e-6
"""At 1 and pure noise nothing is left of the direction in eq. 12, and rounding makes a negative number's root of it."""


@dataclass(frozen=True, eq=False)
class DiffusersSchedule:
    """One of diffusers' schedulers with its options, made afresh for every run."""

    kind: str
    trained: TrainedSchedule
    steps: int
    eta: float = 0.0
    karras: bool = False

    @property
    def flow(self) -> bool:
        return KINDS[self.kind].space == "flow"

    def begin(self, prediction: Prediction, device: torch.device, learned_variance: bool = False) -> Solver:
        if is_edm(self.trained):
            return edm_solver(self.kind, self.trained, self.steps, self.karras, prediction, device)
        if is_wuerstchen(self.kind, self.trained):
            return wuerstchen_solver(self.trained, self.steps, device)
        if self.flow and prediction != "flow":
            raise NodeError(
                f"{self.kind} is for models that predict flow, and this one predicts {prediction}; "
                "choose another scheduler, such as DDIM"
            )
        if prediction == "flow" and not self.flow:
            raise NodeError(f"this model predicts flow, which {self.kind} is not made for; choose Flow-match Euler")
        trained = spaced(KINDS[self.kind], self.trained, self.steps, self.karras)
        try:
            return self._begun(trained, prediction, device, learned_variance)
        except (ValueError, TypeError, KeyError, IndexError, NotImplementedError, RuntimeError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            raise NodeError(
                f"{self.kind} cannot be made with this model's schedule ({first_line(error)}); choose another kind or "
                "other sigmas"
            ) from None

    def _begun(
        self, trained: TrainedSchedule, prediction: Prediction, device: torch.device, learned_variance: bool
    ) -> Solver:
        scheduler = new_scheduler(self.kind, trained, prediction, self.karras, learned_variance)
        most = scheduler.config.get("original_inference_steps") or scheduler.config.num_train_timesteps
        if self.steps > most:
            raise NodeError(f"{self.kind} goes with at most {most} steps here, not {self.steps}; choose fewer")
        scheduler.set_timesteps(self.steps, device=device, **flow_spacing(self.trained, self.steps))
        if KINDS[self.kind].space == "preserving" and not all(getattr(scheduler, "sigmas", torch.ones(1))[:-1].diff()):
            raise NodeError(f"{self.kind} would stop twice at one noise level with {self.steps} steps; choose fewer")
        if self.karras and not hasattr(scheduler, "_convert_to_karras"):
            euler = new_scheduler("Euler", trained, prediction, karras=True)
            euler.set_timesteps(self.steps, device=device)
            scheduler.timesteps, scheduler.sigmas = euler.timesteps, euler.sigmas
        extra: dict[str, Any] = {"eta": min(self.eta, MAX_ETA)} if self.kind == "DDIM" else {}
        return DiffusersSolver(scheduler, KINDS[self.kind], prediction, extra)


SPACING = Rule(
    "0",
    "{kind} has no Karras spacing; choose sigmas as trained, or one of " + ", ".join(KARRAS_KINDS),
    {"sigmas": ("Karras",), "kind": tuple(kind for kind in KINDS if kind not in KARRAS_KINDS)},
    "sigmas",
)
BETAS = Rule(
    "0 < first < last < 1",
    "the first beta is {first} and the last {last}; make 0 < first < last < 1",
    {"betas": ("linear", "scaled linear")},
)


@node("Scheduler", version=2, rules=(SPACING,))
def scheduler(
    trained: TrainedSchedule | None = None,
    kind: Literal[
        "DDIM",
        "DDPM",
        "PNDM",
        "Euler",
        "Euler ancestral",
        "Heun",
        "DPM++ 2M",
        "DPM++ 2M SDE",
        "DPM++ 2S",
        "UniPC",
        "LCM",
        "Flow-match Euler",
    ] = "DDIM",
    steps: Annotated[int, Range(1, 1000)] = 20,
    eta: Annotated[float, Slider(0, 1, 0.05)] = 0.0,
    sigmas: Literal["as trained", "Karras"] = "as trained",
    spacing: Literal["as the file says", "leading", "linspace", "trailing"] = "as the file says",
) -> Schedule:
    """Chooses how sampling walks from noise to the image: the method, and how many steps.

    Wire the model's ``schedule`` to ``trained``, so that the noise levels are those it was trained with; without it
    they are Stable Diffusion's. All methods are those of the diffusers library:

    - DDIM (Song et al. 2021, arXiv:2010.02502): sure and repeatable; ``eta`` from 0 to 1 adds fresh noise at each step
    - DDPM (Ho et al. 2020, arXiv:2006.11239): fresh noise at each step, needs many steps; where the network
      predicts the variance of a step, as much as that says (Nichol & Dhariwal 2021, arXiv:2102.09672)
    - PNDM (Liu et al. 2022, arXiv:2202.09778): asks the model once more than there are steps
    - Euler, Euler ancestral, Heun (Karras et al. 2022, arXiv:2206.00364): ancestral adds noise; Heun asks the model
      twice a step, so that n steps count as 2 n - 1
    - DPM++ 2M, 2M SDE, 2S (Lu et al. 2022, arXiv:2211.01095): good with 15 to 25 steps; SDE adds noise
    - UniPC (Zhao et al. 2023, arXiv:2302.04867): good with 5 to 15 steps
    - LCM (Luo et al. 2023, arXiv:2310.04378): 1 to 8 steps, only for models distilled for it
    - Flow-match Euler (Lipman et al. 2023, arXiv:2210.02747): for models that predict flow, and only for them

    ``eta`` counts for DDIM alone. ``sigmas``: Karras spaces the noise levels as Karras et al. 2022, eq. 5, from the
    model's largest to its smallest, and goes with Euler, Euler ancestral, Heun, UniPC and the DPM++ methods.

    ``spacing`` says which of the timesteps it was trained with are taken (Lin et al. 2023, arXiv:2305.08891, table 2).
    Leading leaves out the noisiest, as many models were published; linspace takes both ends; trailing starts at the
    noisiest, which models of few steps need (Turbo, Lightning, Hyper, DMD2), and those whose last step is noise alone.
    A folder says its own; one file does not, and starts at the noisiest. It does not count with Karras, nor for LCM and
    for models that predict flow or were trained on noise levels without steps, as Karras et al. 2022 have it (CosXL,
    Playground 2.5): these go with Euler, DPM++ 2M and DPM++ 2M SDE.

    Fails where the method does not go with the model (flow or not), with more steps than the model was trained with,
    or with Karras where the method has none.
    """
    karras = sigmas == "Karras"
    if trained is not None:
        flow = "FlowMatch" in str(trained.config.get("_class_name", ""))
        if flow != (KINDS[kind].space == "flow"):
            fitting = "Flow-match Euler" if flow else "another kind, such as DDIM"
            raise NodeError(f"{kind} does not go with how this model was trained; choose {fitting}")
        check_kind(kind, trained)
    default = TrainedSchedule({} if KINDS[kind].space == "flow" else STABLE_DIFFUSION)
    said = trained or default
    if spacing != "as the file says":
        said = TrainedSchedule({**said.config, "timestep_spacing": spacing})
    found = DiffusersSchedule(kind, said, steps, eta, karras)
    prediction: Prediction = "flow" if found.flow else prediction_of(said)
    found.begin(prediction, torch.device("cpu"))  # what does not go together is told here
    return found


@node("Change scheduler")
def change_scheduler(before: Schedule, after: Schedule, step: Annotated[int, Range(0, 2000)] = 10) -> Schedule:
    """Walks along another schedule from a step on: another method, or other noise on the way (``eta``).

    Steps ``0`` to ``step - 1`` go along ``before``, the others along ``after``; steps count from the beginning of the
    schedule. What is made before the change is computed once: try as many endings as you like. A method that looks
    back at earlier steps starts afresh where it takes over.

    Fails when the two differ in how many steps they take, or in how noisy the image is at that step.
    """
    return relay(before, after, step)


@node("Noise levels", rules=(BETAS,))
def noise_levels(
    betas: Literal["linear", "scaled linear", "cosine"] = "linear",
    first: Annotated[float, Range(0, 1)] = 0.0001,
    last: Annotated[float, Range(0, 1)] = 0.02,
    timesteps: Annotated[int, Range(2, 10000)] = 1000,
    terminal: Literal["a little signal", "no signal"] = "a little signal",
) -> TrainedSchedule:
    """A noise schedule by its definition: how much noise each timestep adds in training.

    - linear (Ho et al. 2020, arXiv:2006.11239): beta grows evenly from ``first`` to ``last``
    - scaled linear (Rombach et al. 2022, arXiv:2112.10752): the root of beta does; Stable Diffusion's, from 0.00085 to
      0.012
    - cosine (Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 17): the signal falls like a cosine squared, so that
      images drown later; ``first`` and ``last`` do not count

    ``terminal`` no signal makes the last timestep pure noise (Lin et al. 2023, arXiv:2305.08891). It is for studying
    schedules, and for models whose files do not say theirs: a trained model is right only with its own.

    Fails when ``first`` is not below ``last``.
    """
    none = terminal == "no signal"
    kinds = {"linear": "linear", "scaled linear": "scaled_linear", "cosine": "squaredcos_cap_v2"}
    return TrainedSchedule(
        {
            "num_train_timesteps": timesteps,
            "beta_schedule": kinds[betas],
            "beta_start": first,
            "beta_end": last,
            "rescale_betas_zero_snr": none,
            "timestep_spacing": "trailing" if none else "leading",
        }
    )
