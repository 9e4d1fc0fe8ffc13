"""diffusers' schedulers behind the one interface that sampling knows. No nodes here; `schedule` has them."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Call, Calls, Prediction, StepNoise, TrainedSchedule

Space = Literal["preserving", "exploding", "flow"]
"""What x is: alpha x_0 + sigma noise (alpha² + sigma² = 1); x_0 + sigma noise; or (1 - sigma) x_0 + sigma noise."""

STABLE_DIFFUSION: Mapping[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "clip_sample": False,
    "set_alpha_to_one": False,
}
"""The noise schedule of Stable Diffusion 1 and 2 (Rombach et al. 2022)."""

HIGHEST_SIGMA = 80.0
"""Noise to signal ratio that stands for pure noise (Karras et al. 2022) where a solver cannot start from infinity."""


@dataclass(frozen=True)
class SchedulerKind:
    """A scheduler class of diffusers by name, the space of its x, and the options that make it this kind."""

    name: str
    space: Space
    options: Mapping[str, Any] = field(default_factory=dict)
    sample: bool = True
    """Whether it works with a network that predicts x_0."""


_MULTISTEP = "DPMSolverMultistepScheduler"
_SECOND = {"solver_order": 2, "solver_type": "midpoint", "algorithm_type": "dpmsolver++"}

KINDS: Mapping[str, SchedulerKind] = {
    "DDIM": SchedulerKind("DDIMScheduler", "preserving"),
    "DDPM": SchedulerKind("DDPMScheduler", "preserving"),
    "PNDM": SchedulerKind("PNDMScheduler", "preserving", {"skip_prk_steps": True}, sample=False),
    "Euler": SchedulerKind("EulerDiscreteScheduler", "exploding"),
    "Euler ancestral": SchedulerKind("EulerAncestralDiscreteScheduler", "exploding", sample=False),
    "Heun": SchedulerKind("HeunDiscreteScheduler", "exploding", sample=False),
    "DPM++ 2M": SchedulerKind(_MULTISTEP, "preserving", _SECOND),
    "DPM++ 2M SDE": SchedulerKind(_MULTISTEP, "preserving", {**_SECOND, "algorithm_type": "sde-dpmsolver++"}),
    "DPM++ 2S": SchedulerKind("DPMSolverSinglestepScheduler", "preserving", {**_SECOND, "lower_order_final": True}),
    "UniPC": SchedulerKind("UniPCMultistepScheduler", "preserving", {"solver_order": 2, "solver_type": "bh2"}),
    "LCM": SchedulerKind("LCMScheduler", "preserving"),
    "Flow-match Euler": SchedulerKind("FlowMatchEulerDiscreteScheduler", "flow"),
}
KARRAS_KINDS = ("Euler", "Euler ancestral", "Heun", "DPM++ 2M", "DPM++ 2M SDE", "DPM++ 2S", "UniPC")
OTHER_SPACINGS = "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas"
"""What a model's schedule may ask for that goes not together with Karras' spacing."""
_NAMES = {"epsilon": "epsilon", "v": "v_prediction", "sample": "sample"}


def new_scheduler(
    kind: str, trained: TrainedSchedule, prediction: Prediction, karras: bool, learned_variance: bool = False
) -> Any:
    """A fresh scheduler of a kind, with the noise levels that the model was trained with.

    What the configuration leaves open is the class's own default, as in diffusers' ``from_config``, but latents are
    never clipped unless the configuration says so. Raises NodeError where the kind has no form for the prediction.
    """
    import diffusers

    chosen = KINDS[kind]
    if prediction == "sample" and not chosen.sample:
        raise NodeError(f"{kind} has no form for a model that predicts the clean latent; choose DDIM")
    scheduler_class: Any = getattr(diffusers, chosen.name)
    known = inspect.signature(scheduler_class.__init__).parameters
    config = {"clip_sample": False, **trained.config, **chosen.options}
    if chosen.space == "flow":
        config["use_dynamic_shifting"] = bool(config.get("use_dynamic_shifting")) and "image_tokens" in config
    else:
        config["prediction_type"] = _NAMES[prediction]
    if karras:
        config.update(dict.fromkeys(OTHER_SPACINGS, False), use_karras_sigmas=True)
    variance = config.pop("variance_type", None)  # DDPM's alone; others would take three channels for the prediction
    if kind == "DDPM":
        config.update(_variance_type(variance, learned_variance))
    if config.get("rescale_betas_zero_snr") and (karras or "rescale_betas_zero_snr" not in known):
        apart = "solver_order" in known and not karras
        config.update(trained_betas=_zero_terminal_betas(trained, apart), rescale_betas_zero_snr=False)
    return scheduler_class(**{name: value for name, value in config.items() if name in known})


def spaced(kind: SchedulerKind, trained: TrainedSchedule, steps: int, karras: bool) -> TrainedSchedule:
    """The same schedule with its timesteps spaced so that a run starts where it is meant to.

    diffusers takes the ends of Karras' spacing (Karras et al. 2022, eq. 5) from the timesteps, which leading spacing
    cuts short; and its linspace of one step is the least noise of all.
    """
    import diffusers

    if kind.space == "flow":
        return trained
    usual = inspect.signature(getattr(diffusers, kind.name).__init__).parameters.get("timestep_spacing")
    spacing = "linspace" if karras else trained.config.get("timestep_spacing", usual.default if usual else None)
    if spacing == "linspace" and steps == 1:
        spacing = "trailing"
    return trained if spacing is None else TrainedSchedule({**trained.config, "timestep_spacing": spacing})


def flow_spacing(trained: TrainedSchedule, steps: int) -> dict[str, Any]:
    """The noise levels of a model that was trained at ``image_tokens`` tokens an image, as FLUX, and was told so.

    Even levels, shifted towards noise by mu, which grows linearly with the number of tokens (diffusers' FluxPipeline).
    Empty for all other models. Raises NodeError for one step where the last of several is stretched to a given level.
    """
    config = trained.config
    if steps == 1 and config.get("shift_terminal"):
        raise NodeError("this model's noise levels go from one end to another, which takes two steps; raise steps")
    if "image_tokens" not in config:
        return {}
    fewest, most = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    mu = low + (high - low) * (config["image_tokens"] - fewest) / (most - fewest)
    if config.get("empirical_shift"):
        mu = empirical_shift(config["image_tokens"], steps)
    if "logit_normal" in config:
        return {"sigmas": logit_normal(config["image_tokens"] / fewest, steps, config["logit_normal"])}
    if config.get("root_shift"):
        mu = low + high * (config["image_tokens"] / fewest) ** 0.5
    if config.get("whole_times"):
        beyond = config.get("levels_beyond", 0)
        return {**whole_times(steps, config.get("num_train_timesteps", 1000), beyond), "mu": mu}
    levels = torch.linspace(1, 1 / steps, steps, dtype=torch.float64).tolist()
    return {"sigmas": levels, **({"mu": mu} if config.get("use_dynamic_shifting") else {})}


def empirical_shift(tokens: int, steps: int) -> float:
    """FLUX.2's mu: lines that were fitted to what is best at 10 and at 200 steps, and between them by the steps."""
    few, many = 8.73809524e-05 * tokens + 1.89833333, 0.00016927 * tokens + 0.45666666
    return many if tokens > 4300 else many + (many - few) / 190 * (steps - 200)


def logit_normal(ratio: float, steps: int, spread: float) -> list[float]:
    """Ideogram 4's levels: the quantiles of a logit-normal distribution, whose middle moves with the image's size, by
    how often its tokens are those at which it lies in the middle."""
    from diffusers.pipelines.ideogram4.pipeline_ideogram4 import _logit_normal_sigmas

    found: Tensor = _logit_normal_sigmas(steps, math.log(ratio) / 2, spread)
    return found.tolist()


def whole_times(steps: int, trained: int, beyond: int = 0) -> dict[str, list[float]]:
    """CogView 4's levels: even whole timesteps, which the network is told as they are, however levels are shifted. Of
    GLM-Image those as of one step more, without the last."""
    even = torch.linspace(trained, 1, steps + beyond, dtype=torch.float64)[:steps]
    times = [float(int(time)) for time in even.tolist()]
    return {"timesteps": times, "sigmas": [time / trained for time in times]}


def _variance_type(trained: str | None, learned: bool) -> dict[str, str]:
    """Nichol & Dhariwal 2021 (arXiv:2102.09672), eq. 15, where the network predicts the variance; else a fixed one."""
    if learned:
        return {"variance_type": "learned_range"}
    if trained is None:
        return {}
    return {"variance_type": "fixed_small" if "learned" in trained else trained}


def _zero_terminal_betas(trained: TrainedSchedule, apart: bool) -> list[float]:
    """Betas for a model trained down to no signal at all (Lin et al. 2023), where the class cannot rescale them itself.

    Methods of second order average over the first step, which must not be one from infinity; and Karras' spacing from
    infinity, or diffusers' 4096 in its place, spends most steps where there is nothing to see. ``apart``: no two levels
    alike, for methods that divide by the distance between them.
    """
    reference = new_scheduler("DDIM", trained, "v", karras=False)
    least = 1 / (1 + HIGHEST_SIGMA**2)
    alphas: Tensor = reference.alphas_cumprod.double()
    below = int((alphas < least).sum())
    alphas = alphas.clamp(min=least)
    if apart:
        ends = math.log10(alphas[-below - 1]), math.log10(least)
        alphas[-below - 1 :] = torch.logspace(*ends, below + 1, dtype=alphas.dtype)
    betas: list[float] = (1 - alphas / torch.cat([torch.ones(1, dtype=alphas.dtype), alphas[:-1]])).tolist()
    return betas


class DiffusersSolver:
    """One run of a diffusers scheduler whose timesteps are set."""

    adaptive = False
    two_sided = False
    end_timestep = 0.0

    def __init__(self, scheduler: Any, kind: SchedulerKind, prediction: Prediction, extra: Mapping[str, Any]) -> None:
        self._scheduler = scheduler
        self._prediction = prediction
        self._extra = extra
        self._takes_generator = "generator" in inspect.signature(scheduler.step).parameters
        self._scales = hasattr(scheduler, "scale_model_input")
        self._bounds = bool(scheduler.config.get("thresholding") or scheduler.config.get("clip_sample"))
        """Whether x_0 is kept within a range."""
        self._begun = False
        self._times: tuple[Tensor, ...] = scheduler.timesteps.unbind()
        self._fresh = _copy(vars(scheduler))
        self._levels = _levels(scheduler, kind.space)

    @property
    def timesteps(self) -> Tensor:
        times: Tensor = self._scheduler.timesteps
        return times

    @property
    def sigmas(self) -> Tensor:
        flow = self._prediction == "flow"
        return torch.tensor([s if flow else s / a if a else math.inf for a, s in self._levels])

    @property
    def initial_scale(self) -> float:
        return float(getattr(self._scheduler, "init_noise_sigma", 1.0))

    @property
    def order(self) -> int:
        """Return how many timesteps make one step."""
        return int(self._scheduler.order)

    def start(self, skipped: int) -> int:
        return min(skipped * self.order, len(self._times))

    def scale_input(self, x: Tensor, index: int) -> Tensor:
        self._begin(index)
        if not self._scales:
            return x
        scaled: Tensor = self._scheduler.scale_model_input(x, self._times[index])
        return scaled

    def add_noise(self, x_0: Tensor, noise: Tensor, index: int) -> Tensor:
        alpha, sigma = self._levels[index]
        return alpha * x_0 + sigma * noise

    def calls(self, x: Tensor, index: int, noise: StepNoise) -> Calls:
        if self._takes_generator and noise.generators and not isinstance(noise.generators[0], torch.Generator):
            raise NodeError("diffusers' methods cannot draw from this noise stream; choose a sampler along sigmas")
        answer = yield Call(self.scale_input(x, index), self._times[index], partial(self.original, x=x, index=index))
        return self.step(answer.output, x, index, noise.generators, answer.variance)

    def more(self, index: int) -> bool:
        return index < len(self._times)

    def result(self, x: Tensor) -> Tensor:
        return x

    def step(
        self,
        output: Tensor,
        x: Tensor,
        index: int,
        generators: list[torch.Generator],
        variance: Tensor | None = None,
    ) -> Tensor:
        self._begin(index)
        if variance is not None and self._scheduler.config.get("variance_type") == "learned_range":
            last = index + 1 == len(self._times)  # and that adds no noise, wherever the spacing lets it begin
            output = torch.cat([output, torch.full_like(variance, -1) if last else variance], 1)
        random = {"generator": generators} if self._takes_generator else {}
        stepped: Tensor = self._scheduler.step(
            output, self._times[index], x, return_dict=False, **random, **self._extra
        )[0]
        return stepped

    def original(self, output: Tensor, x: Tensor, index: int) -> Tensor:
        x_0 = self._original(output, x, index)
        return self._bounded(x_0) if self._bounds else x_0

    def thresholded(self, output: Tensor, x: Tensor, index: int) -> Tensor | None:
        if not self._bounds:
            return None
        config = self._scheduler.config
        x_0 = self._original(output, x, index)
        sizes = x_0.to(torch.promote_types(x_0.dtype, torch.float32)).abs().flatten(1)
        if config.get("thresholding"):  # as diffusers' `_threshold_sample` sets it
            largest = torch.quantile(sizes, config.dynamic_thresholding_ratio, dim=1)
            threshold = largest.clamp(1, config.sample_max_value)
        else:
            threshold = sizes.new_full((len(sizes),), config.get("clip_sample_range", 1.0))
        beyond, cut = ((sizes > limit).double().mean(1) for limit in (1.0, threshold[:, None]))
        return torch.stack([beyond, threshold.double(), cut], 1)

    def _original(self, output: Tensor, x: Tensor, index: int) -> Tensor:
        alpha, sigma = self._levels[index]
        if self._prediction == "sample":
            return output
        if self._prediction in ("flow", "epsilon"):
            found = torch.sub(x, output, alpha=sigma)
            return found if alpha == 1 or self._prediction == "flow" else found.div_(alpha)
        norm = math.hypot(alpha, sigma)
        return (alpha / norm**2) * x - (sigma / norm) * output

    def _bounded(self, x_0: Tensor) -> Tensor:
        """x_0 as the scheduler keeps it within its range."""
        config = self._scheduler.config
        if config.get("thresholding"):
            dynamic: Tensor = self._scheduler._threshold_sample(x_0)
            return dynamic
        limit = config.get("clip_sample_range", 1.0)
        return x_0.clamp(-limit, limit)

    def state(self) -> dict[str, Any]:
        """The scheduler's attributes that are no longer those it began with: its history and its counters."""
        fresh = self._fresh
        changed = {name: value for name, value in vars(self._scheduler).items() if value is not fresh.get(name, self)}
        return _copy({name: value for name, value in changed.items() if not _is_same(value, fresh.get(name, self))})

    def restore(self, state: dict[str, Any]) -> None:
        vars(self._scheduler).update(_copy(state))
        self._begun = True

    def _begin(self, index: int) -> None:
        """A run may start anywhere on the schedule; from there the scheduler counts by itself."""
        if not self._begun and hasattr(self._scheduler, "set_begin_index"):
            self._scheduler.set_begin_index(index)
        self._begun = True


def _copy(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes, their lists copied: schedulers change lists in place, and tensors never."""
    return {name: list(value) if isinstance(value, list) else value for name, value in attributes.items()}


def _is_same(one: Any, other: Any) -> bool:
    """Return whether two attributes hold the same objects."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(operator.is_, one, other))
    return one is other


def _levels(scheduler: Any, space: Space) -> list[tuple[float, float]]:
    """(alpha, sigma) at each step and at the end: x = alpha x_0 + sigma noise."""
    if space == "flow":
        return [(1 - sigma, sigma) for sigma in scheduler.sigmas.tolist()]
    if hasattr(scheduler, "sigmas"):
        ratios = scheduler.sigmas.tolist()
        if space == "exploding":
            return [(1.0, ratio) for ratio in ratios]
        return [(1 / math.hypot(ratio, 1), ratio / math.hypot(ratio, 1)) for ratio in ratios]
    alphas = [float(scheduler.alphas_cumprod[int(time)]) for time in scheduler.timesteps.tolist()]
    alphas.append(float(getattr(scheduler, "final_alpha_cumprod", 1.0)))
    return [(math.sqrt(alpha), math.sqrt(1 - alpha)) for alpha in alphas]
