"""Samplers along noise levels, by the names of the field: the levels as a list, and a function for each step."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.models import Trained
from nodes.script.noise import NoiseUse, plain_noise, shape
from nodes.script.noise_masks import PaintedPart
from nodes.script.noise_masks import told as painted
from nodes.script.pieces import literal
from nodes.script.schedulers import STABLE_DIFFUSION
from nodes.script.schedulers import levels as levels_of_scheduler
from nodes.script.writer import Function, Made, Writer

ETA, NOISE = {"eta": 1.0, "s_noise": 1.0}, {"s_noise": 1.0}
STEPS: dict[str, tuple[str, dict[str, float]]] = {
    "euler": ("euler_step", {}),
    "ddim": ("euler_step", {}),
    "heun": ("heun_step", {}),
    "dpm_2": ("dpm_2_step", {}),
    "euler_ancestral": ("euler_ancestral_step", ETA),
    "dpm_2_ancestral": ("dpm_2_ancestral_step", ETA),
    "lms": ("lms_step", {}),
    "dpmpp_2m": ("dpmpp_2m_step", {}),
    "dpmpp_sde": ("dpmpp_sde_step", ETA),
    "dpmpp_sde_gpu": ("dpmpp_sde_step", ETA),
    "dpmpp_2m_sde": ("dpmpp_2m_sde_step", ETA),
    "dpmpp_2m_sde_gpu": ("dpmpp_2m_sde_step", ETA),
    "dpmpp_3m_sde": ("dpmpp_3m_sde_step", ETA),
    "dpmpp_3m_sde_gpu": ("dpmpp_3m_sde_step", ETA),
    "dpmpp_2s_ancestral": ("dpmpp_2s_ancestral_step", ETA),
    "res_multistep": ("res_multistep_step", NOISE),
    "res_multistep_ancestral": ("res_multistep_step", ETA),
    "uni_pc": ("uni_pc_step", {}),
    "uni_pc_bh2": ("uni_pc_step", {}),
    "lcm": ("lcm_step", NOISE),
    "ddpm": ("ddpm_step", {}),
}
"""The function that takes a step of a sampler, and what it can be told, with what it takes where it is not."""
OF_ITSELF = {
    "res_multistep": {"eta": "0.0"},
    "uni_pc": {"end": "0.001"},
    "uni_pc_bh2": {"end": "0.001", "variant": '"bh2"'},
}
"""What the function of a sampler is told whatever the node says."""
BROWNIAN = ("dpmpp_sde", "dpmpp_2m_sde", "dpmpp_3m_sde")
MIDWAY = ("heun", "dpm_2", "dpm_2_ancestral", "dpmpp_2s_ancestral", "dpmpp_sde", "dpmpp_sde_gpu")
"""Those that ask at other levels than each step's own."""
CHURNED = ("euler", "ddim", "heun", "dpm_2")
DISCARDING = ("dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2")
"""Those that go with one step more, of which the last level before 0 is dropped."""
SPACINGS = (
    "normal",
    "simple",
    "sgm_uniform",
    "ddim_uniform",
    "karras",
    "exponential",
    "beta",
    "linear_quadratic",
    "kl_optimal",
)
MOST = 10000


class SigmaWalk(NamedTuple):
    """A sampler and what it walks along: its function, what that is told, the code of the model's levels, whether these
    are of straight paths, and whether it asks at levels between."""

    take: str
    told: dict[str, str]
    levels: str
    flow: bool
    midway: bool = False


def trained_levels(writer: Writer, name: str) -> tuple[str, bool]:
    """The name of the levels of the model that is wired to a node, and whether they are of straight paths."""
    trained = writer.input(name, "trained").about if writer.is_wired(name, "trained") else STABLE_DIFFUSION
    kind = str(trained.config.get("_class_name", ""))
    if kind.startswith("EDM"):
        raise CannotExportError(f"{name} goes along noise levels without timesteps, which is not written")
    flow = "FlowMatch" in kind
    key = "levels", trained.folder, trained.subfolder, literal(trained.changes)
    made = writer.shared(key, lambda: _levels(writer, name, trained, flow))
    return made.code, flow


def _levels(writer: Writer, name: str, trained: Trained, flow: bool) -> Made:
    if flow:
        if trained.whole.get("use_dynamic_shifting"):
            raise CannotExportError(f"{name} spaces noise levels by the size of an image, which is not written")
        timesteps = int(trained.whole.get("num_train_timesteps", 1000))
        given = [literal(float(trained.whole.get("shift", 1.0))), *([str(timesteps)] * 2 if timesteps != 1000 else [])]
        return Made(writer.assign(name, "levels", writer.use("FlowLevels"), *given))
    if trained.folder:
        writer.imports.take("diffusers", "DDPMScheduler")
        config = [f"DDPMScheduler.load_config({trained.folder}, subfolder={literal(trained.subfolder)})"]
        changes = trained.changes
    else:
        config, changes = [], {key: value for key, value in trained.whole.items() if not key.startswith("_")}
    told = {key: literal(value) for key, value in changes.items()}
    return Made(writer.assign(name, "levels", writer.use("DiffusionLevels"), *config, **told))


def spaced(writer: Writer, name: str, levels: str, discard: bool) -> str:
    """The name of the sigmas that a node spaces over a model's levels."""
    denoise = writer.value(name, "denoise")
    told = {
        "denoise": None if denoise in ("1", "1.0") else denoise,
        "discard": "True" if discard else None,
    }
    given = _spacing(writer, name), levels, writer.value(name, "steps")
    return writer.assign(name, "sigmas", writer.use("spaced"), *given, **told)


def _spacing(writer: Writer, name: str) -> str:
    spacing = str(writer.plain(name, "spacing"))
    if spacing not in SPACINGS:
        raise CannotExportError(f"{name} spaces noise levels by {spacing}, which is not written")
    return writer.use(spacing)


def k_sampler(writer: Writer, name: str, _: str) -> Made:
    levels, flow = trained_levels(writer, name)
    sampler = writer.plain(name, "sampler")
    sigmas = spaced(writer, name, levels, sampler in DISCARDING)
    start, end = (int(writer.plain(name, key)) for key in ("start_step", "end_step"))
    leftover = bool(writer.plain(name, "leftover_noise"))
    if start or end < MOST:
        given = sigmas, str(start), str(end), str(leftover)
        sigmas = writer.assign(name, "part", writer.use("part"), *given)
    return Made(sigmas, _walk(writer, name, levels, flow))


def model_sigmas(writer: Writer, name: str, _: str) -> Made:
    levels, flow = trained_levels(writer, name)
    return Made(spaced(writer, name, levels, writer.plain(name, "penultimate") == "discarded"), (levels, flow))


def karras_sigmas(writer: Writer, name: str, _: str) -> Made:
    given = [writer.value(name, key) for key in ("steps", "sigma_max", "sigma_min", "rho")]
    about = trained_levels(writer, name) if writer.is_wired(name, "trained") else None
    return Made(writer.assign(name, "", writer.use("karras_between"), *given), about)


def manual_sigmas(writer: Writer, name: str, _: str) -> Made:
    if writer.is_wired(name, "curve"):
        raise CannotExportError(f"{name} takes its noise levels from a curve, which is not written")
    levels = trained_levels(writer, name) if writer.is_wired(name, "trained") else None
    values = _falling(str(writer.plain(name, "values")), name)
    writer.imports.add("torch")
    return Made(writer.assign(name, "sigmas", "torch.tensor", literal(values)), levels)


def _falling(text: str, name: str) -> list[float]:
    """Numbers from a text. Raises CannotExportError where they are no noise levels from most to least."""
    try:
        found = [float(word) for word in text.replace(",", " ").replace(";", " ").split()]
    except ValueError:
        found = []
    if not found or not all(now > then for now, then in pairwise([math.inf, *found])) or not found[-1] >= 0:
        raise CannotExportError(f"the values of {name} are no noise levels, which are numbers that fall down to 0")
    return found


def sigmas_schedule(writer: Writer, name: str, _: str) -> Made:
    if writer.plain(name, "solver_type") != "its own" or writer.plain(name, "order"):
        raise CannotExportError(f"{name} takes a sampler of another order or kind than its own, which is not written")
    sigmas = writer.input(name, "sigmas")
    own = writer.is_wired(name, "trained") or sigmas.about is None
    levels, flow = trained_levels(writer, name) if own else sigmas.about
    return Made(sigmas.code, _walk(writer, name, levels, flow))


def split_sigmas(writer: Writer, name: str, output: str) -> Made:
    sigmas, step = writer.input(name, "sigmas"), writer.value(name, "step")
    return Made(f"{sigmas.code}[{f': {step} + 1' if output == 'high' else f'{step}:'}]", sigmas.about)


def _walk(writer: Writer, name: str, levels: str, flow: bool) -> SigmaWalk:
    sampler = str(writer.plain(name, "sampler"))
    walk = _along(name, sampler, levels, flow)
    if sampler in CHURNED and writer.plain(name, "s_churn"):
        raise CannotExportError(f"{name} adds noise on the way (s_churn), which is not written")
    options = STEPS[sampler][1]
    told = {key: writer.value(name, key) for key in options}
    told = {key: value for key, value in told.items() if value not in (str(options[key]), str(int(options[key])))}
    return walk._replace(take=writer.use(walk.take), told={**walk.told, **told})


def _along(name: str, sampler: str, levels: str, flow: bool) -> SigmaWalk:
    """A sampler along levels, told nothing. Raises CannotExportError where it is not written."""
    if sampler not in STEPS:
        raise CannotExportError(f"{name} walks by {sampler}, which is not written")
    if flow and sampler.removesuffix("_gpu") in BROWNIAN:
        raise CannotExportError(f"{name} walks along straight paths by {sampler}, which is not written")
    return SigmaWalk(STEPS[sampler][0], OF_ITSELF.get(sampler, {}), levels, flow, sampler in MIDWAY)


def sample_along(writer: Writer, name: str) -> Made:
    """The latents that a walk along noise levels ends at."""
    guider, sigmas = writer.input(name, "guider"), writer.input(name, "schedule")
    denoises: Denoises = guider.about
    walk: SigmaWalk = sigmas.about
    check_prediction(name, denoises, walk)
    noise = writer.input(name, "noise")
    use: NoiseUse = noise.about
    given_latent = writer.input(name, "latent") if writer.is_wired(name, "latent") else Made("")
    latent = given_latent.code or None
    drawn = use.drawn(writer, noise.code, _sides(use, denoises, latent))
    told = {
        "known": latent,
        "strength": None if (strength := writer.value(name, "strength")) in ("1", "1.0") else strength,
        "ask": None if writer.plain(name, "batch") == "each alone" else writer.use("all_together"),
        "on_the_way": use.on_the_way(noise.code),
        **painted(name, given_latent.about, noise.code, use.silent),
        **walk.told,
    }
    given = guider.code, walk.take, literal(denoises.prediction), walk.levels, sigmas.code, drawn, noise.code
    about = given_latent.about if isinstance(given_latent.about, PaintedPart) else denoises
    return Made(writer.assign(name, "latents", writer.use("sample_along"), *given, **told), about)


def seen_levels(writer: Writer, name: str, guider: Denoises) -> str:
    """The name of the levels of noise of the schedule that is wired to a node, as a network sees them."""
    schedule = writer.input(name, "schedule")
    if not isinstance(schedule.about, SigmaWalk):
        return levels_of_scheduler(writer, name, guider)
    walk: SigmaWalk = schedule.about
    check_prediction(name, guider, walk)
    given = walk.levels, schedule.code

    def write() -> Made:
        writer.input(name, "schedule")
        return Made(writer.assign(schedule.code, "seen", writer.use("seen_along"), *given))

    return writer.shared(("seen", schedule.code), write).code


def check_prediction(name: str, denoises: Denoises, walk: SigmaWalk) -> None:
    """Raises CannotExportError where a network and the levels do not go together, or it predicts more than one."""
    if denoises.learned or (denoises.prediction == "flow") != walk.flow:
        raise CannotExportError(f"{name} walks along levels that are not those of its network, which is not written")
    if denoises.leveled and walk.midway:
        raise CannotExportError(f"{name} asks guidance at levels between those of the steps, which is not written")


def sampler_error(writer: Writer, name: str, output: str) -> Made:
    """Latents of a fine reference, and of two samplers for several numbers of steps."""
    if output != "latents":
        raise CannotExportError(f"the {output} of {name} is not written")
    guider, noise = writer.input(name, "guider"), plain_noise(writer, name)
    denoises: Denoises = guider.about
    levels, flow = trained_levels(writer, name)
    samplers = [str(writer.plain(name, key)) for key in ("first", "second")]
    spacing = _spacing(writer, name)
    counts = sorted({int(word) for word in str(writer.plain(name, "steps")).replace(",", " ").split()})
    runs = []
    for sampler, steps in [
        ("heun", [int(writer.plain(name, "reference_steps"))]),
        *((one, counts) for one in samplers),
    ]:
        walk = _along(name, sampler, levels, flow)
        check_prediction(name, denoises, walk)
        if "end" in walk.told:
            raise CannotExportError(f"{name} walks by {sampler}, which is not written")
        quiet = {**walk.told, **{key: "0.0" for key in STEPS[sampler][1] if key == "eta"}}
        told = "".join(f", {key}={value}" for key, value in quiet.items())
        take = f"partial({writer.use(walk.take)}{told})" if told else writer.use(walk.take)
        if told:
            writer.imports.take("functools", "partial")
        runs.append(f"({take}, {sampler in DISCARDING}, {literal(tuple(steps))})")
    if noise.about.values:
        raise CannotExportError(f"{name} takes noise that is given, which is not written")
    drawn = noise.about.drawn(writer, noise.code, literal(shape(noise.about, denoises.network)))
    walks = writer.grouped(name, "runs", *runs)
    given = guider.code, literal(denoises.prediction), levels, spacing, walks, drawn, noise.code
    return Made(writer.assign(name, "latents", writer.use("each_walk"), *given), denoises)


def _sides(use: NoiseUse, denoises: Denoises, latent: str | None) -> str:
    return f"{latent}.shape[1:]" if latent else literal(shape(use, denoises.network))


SIGMAS: dict[str, Function] = {
    "k_sampler": k_sampler,
    "model_sigmas": model_sigmas,
    "manual_sigmas": manual_sigmas,
    "sigmas_schedule": sigmas_schedule,
    "karras_sigmas": karras_sigmas,
    "split_sigmas": split_sigmas,
    "sampler_error": sampler_error,
}
