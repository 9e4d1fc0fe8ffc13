"""ComfyUI's noise levels as a wire, and its samplers with options of their own."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, ImportedSampler, Model, Wire
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.sampled_models import WITHOUT_MODEL

FORMULAS: dict[str, tuple[str, dict[str, str]]] = {
    "KarrasScheduler": ("karras_sigmas", {key: key for key in ("steps", "sigma_max", "sigma_min", "rho")}),
    "ExponentialScheduler": ("exponential_sigmas", {key: key for key in ("steps", "sigma_max", "sigma_min")}),
    "PolyexponentialScheduler": (
        "exponential_sigmas",
        {key: key for key in ("steps", "sigma_max", "sigma_min", "rho")},
    ),
    "LaplaceScheduler": ("laplace_sigmas", {key: key for key in ("steps", "sigma_max", "sigma_min", "mu", "beta")}),
    "VPScheduler": (
        "vp_sigmas",
        {"steps": "steps", "beta_d": "beta_d", "beta_min": "beta_min", "epsilon": "eps_s"},
    ),
    "AlignYourStepsScheduler": (
        "align_your_steps_sigmas",
        {"model": "model_type", "steps": "steps", "denoise": "denoise"},
    ),
    "GITSScheduler": ("gits_sigmas", {"coefficient": "coeff", "steps": "steps", "denoise": "denoise"}),
    "ManualSigmas": ("manual_sigmas", {"values": "sigmas"}),
    "Flux2Scheduler": ("flux2_sigmas", {"steps": "steps", "width": "width", "height": "height"}),
    "Ideogram4Scheduler": (
        "logit_normal_sigmas",
        {"steps": "steps", "width": "width", "height": "height", "mu": "mu", "deviation": "std"},
    ),
}
"""Nodes here, and their parameters by ComfyUI's names, of classes that need no model."""
OF_MODEL: dict[str, tuple[str, dict[str, str]]] = {
    "BasicScheduler": ("model_sigmas", {"spacing": "scheduler", "steps": "steps", "denoise": "denoise"}),
    "BetaSamplingScheduler": ("beta_sigmas", {"steps": "steps", "alpha": "alpha", "beta": "beta"}),
    "SDTurboScheduler": ("sd_turbo_sigmas", {"steps": "steps", "denoise": "denoise"}),
}
"""The same of classes that take the levels of a model."""
EDITS: dict[str, tuple[str, dict[str, str]]] = {
    "FlipSigmas": ("flip_sigmas", {}),
    "SetFirstSigma": ("set_first_sigma", {"sigma": "sigma"}),
    "ExtendIntermediateSigmas": (
        "extend_sigmas",
        {key: key for key in ("steps", "start_at_sigma", "end_at_sigma", "spacing")},
    ),
    "SplitSigmas": ("split_sigmas", {"step": "step"}),
    "SplitSigmasDenoise": ("split_sigmas_by_denoise", {"denoise": "denoise"}),
}
"""The same of classes that change levels."""
SAMPLERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "SamplerEulerAncestral": ("euler_ancestral", ("eta", "s_noise")),
    "SamplerEulerAncestralCFGPP": ("euler_ancestral_cfg_pp", ("eta", "s_noise")),
    "SamplerDPMPP_2S_Ancestral": ("dpmpp_2s_ancestral", ("eta", "s_noise")),
    "SamplerDPMPP_2M_SDE": ("dpmpp_2m_sde", ("solver_type", "eta", "s_noise")),
    "SamplerDPMPP_3M_SDE": ("dpmpp_3m_sde", ("eta", "s_noise")),
    "SamplerDPMPP_SDE": ("dpmpp_sde", ("eta", "s_noise")),
    "SamplerLCM": ("lcm", ("s_noise",)),
    "SamplerLMS": ("lms", ("order",)),
}
"""Samplers by the classes that are for one, and their options."""


def _filled(given: Given, names: dict[str, str]) -> dict[str, Any]:
    return {key: given.get(name) for key, name in names.items()}


@translates(*FORMULAS)
def formula(given: Given, build: Builder) -> Wire:
    kind, names = FORMULAS[given.type]
    model = given.inputs.get("model")
    levels = model.schedule if isinstance(model, Model) else build.levels if given.type in WITHOUT_MODEL else None
    return build.node(kind, "sigmas", trained=levels, **_filled(given, names))


@translates(*OF_MODEL)
def of_model(given: Given, build: Builder) -> Wire:
    kind, names = OF_MODEL[given.type]
    return build.node(kind, "sigmas", trained=given.need(Model, "model").schedule, **_filled(given, names))


@translates(*EDITS)
def edited(given: Given, build: Builder) -> Outputs:
    kind, names = EDITS[given.type]
    wire = build.node(kind, "sigmas", sigmas=given.wire("sigmas"), **_filled(given, names))
    return (wire, wire.other("low")) if kind.startswith("split") else (wire,)


@translates(*SAMPLERS)
def sampler(given: Given, build: Builder) -> ImportedSampler:
    name, options = SAMPLERS[given.type]
    if given.text("noise_device", "cpu") == "gpu":
        given.approximate("its noise is drawn on the CPU")
    return ImportedSampler(name, {key: given.get(key) for key in options if given.has(key)})


@translates("SamplerEulerCFGpp")
def euler_cfg_pp(given: Given, build: Builder) -> ImportedSampler:
    if given.text("version", "regular") != "regular":
        given.approximate("it is the sampler's regular way, not its alternative one")
    return ImportedSampler("euler_cfg_pp")


@translates("SamplerSASolver")
def sa_solver(given: Given, build: Builder) -> ImportedSampler:
    usual = {"sde_start_percent": 0.2, "sde_end_percent": 0.8, "predictor_order": 3, "corrector_order": 4}
    if any(given.number(name, value) != value for name, value in usual.items()):
        given.approximate("its orders, and where it adds noise, are the usual ones")
    name = "sa_solver_pece" if given.get("use_pece", False) is True else "sa_solver"
    return ImportedSampler(name, {key: given.get(key) for key in ("eta", "s_noise") if given.has(key)})


@translates("SamplerSEEDS2")
def seeds_2(given: Given, build: Builder) -> ImportedSampler:
    if given.number("r", 0.5) != 0.5:
        raise CannotTranslateError("of seeds_2 the step in between lies in the middle here")
    about = {key: given.get(key) for key in ("eta", "s_noise") if given.has(key)}
    if (kind := given.text("solver_type", "phi_1")) in ("phi_1", "phi_2"):
        about["solver_type"] = kind
    return ImportedSampler("seeds_2", about)


@translates("SamplerER_SDE")
def er_sde(given: Given, build: Builder) -> ImportedSampler:
    if given.text("solver_type", "ER-SDE") != "ER-SDE" or given.whole("max_stage", 3) != 3:
        raise CannotTranslateError("of er_sde there is the three-stage solver with its usual noise only")
    return ImportedSampler("er_sde", {key: given.get(key) for key in ("eta", "s_noise") if given.has(key)})
