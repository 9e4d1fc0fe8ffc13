"""The fields of a trained noise schedule, as a scheduler's configuration has them: which values are any."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nodeflow.library.folder_json import FolderError


def check_schedule(config: Mapping[str, Any], shown: str) -> None:
    """Raise FolderError, by its name, for the first field that has a value which no schedule has."""
    for name, field in FIELDS.items():
        value = config.get(name, field.usual)
        if value is None and field.usual is None:
            continue
        if not field.fits(value):
            raise FolderError(f"{shown} says {_shown(value)} for {name}, which {field.what}; put it right there")
    first, last = config.get("beta_start", 0.0), config.get("beta_end", 1.0)
    if first > last:
        raise FolderError(f"{shown} says {first:g} for beta_start and {last:g} for beta_end, which grow; put it right")
    betas = config.get("trained_betas")
    if betas and len(betas) != config.get("num_train_timesteps", 1000):
        raise FolderError(
            f"{shown} has {len(betas)} trained_betas for {config.get('num_train_timesteps', 1000)} timesteps; put it "
            "right there"
        )


def _shown(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


class ScheduleField(NamedTuple):
    """A field that a schedule may have: its values, them in words, and what stands for none."""

    fits: Callable[[Any], bool]
    what: str
    usual: Any = None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(least: int, most: int, usual: int | None = None) -> ScheduleField:
    def fits(value: Any) -> bool:
        return _is_number(value) and value == int(value) and least <= value <= most

    return ScheduleField(fits, f"is a whole number from {least:,} to {most:,}", usual)


def _between(least: float, most: float, usual: float | None = None) -> ScheduleField:
    """Ends included."""
    return ScheduleField(
        lambda value: _is_number(value) and least <= value <= most, f"lies from {least:g} to {most:g}", usual
    )


def _above(least: float, usual: float | None = None) -> ScheduleField:
    return ScheduleField(
        lambda value: _is_number(value) and least < value < math.inf, f"is larger than {least:g}", usual
    )


def _one_of(*names: str, usual: str | None = None) -> ScheduleField:
    return ScheduleField(lambda value: value in names, f"is one of {', '.join(names)}", usual)


FLAG = ScheduleField(lambda value: isinstance(value, bool), "is true or false", False)
NUMBER = ScheduleField(lambda value: _is_number(value) and math.isfinite(value), "is a number", 1.0)
BETAS = ScheduleField(
    lambda value: isinstance(value, list) and all(_is_number(beta) and 0 <= beta < 1 for beta in value),
    "is a list of numbers from 0 to below 1",
)
BETA = _between(0, 0.9999, 0.01)
FIELDS: Mapping[str, ScheduleField] = {
    "num_train_timesteps": _whole(1, 10**6, 1000),
    "beta_start": BETA,
    "beta_end": BETA,
    "beta_schedule": _one_of(
        "linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace", "exp", usual="linear"
    ),
    "trained_betas": BETAS,
    "prediction_type": _one_of(
        "epsilon", "v_prediction", "sample", "flow_prediction", "trigflow", usual="epsilon"
    ),
    "timestep_spacing": _one_of("leading", "linspace", "trailing", usual="leading"),
    "steps_offset": _whole(0, 1000, 0),
    "variance_type": _one_of(
        "fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log", "learned", "learned_range"
    ),
    "clip_sample_range": _above(0, 1.0),
    "sample_max_value": _above(0, 1.0),
    "dynamic_thresholding_ratio": _between(0, 1, 0.995),
    "solver_order": _whole(1, 3, 2),
    "original_inference_steps": _whole(1, 10**6, 50),
    "timestep_scaling": _above(0, 10.0),
    "sigma_min": _between(0, 2**31),
    "sigma_max": _above(0),
    "sigma_data": _above(0, 0.5),
    "sigma_schedule": _one_of("karras", "exponential", usual="karras"),
    "rho": _above(0, 7.0),
    "shift": _above(0, 1.0),
    "flow_shift": _above(0, 1.0),
    "shift_terminal": ScheduleField(
        lambda value: value is False or (_is_number(value) and 0 <= value < 1), "lies from 0 to 1"
    ),
    "base_shift": NUMBER,
    "max_shift": NUMBER,
    "base_image_seq_len": _whole(1, 10**6, 256),
    "max_image_seq_len": _whole(1, 10**6, 4096),
    "time_shift_type": _one_of("exponential", "linear", usual="exponential"),
    "final_sigmas_type": _one_of("zero", "sigma_min", usual="zero"),
    "timestep_type": _one_of("discrete", "continuous", usual="discrete"),
    "interpolation_type": _one_of("linear", "log_linear", usual="linear"),
    **dict.fromkeys(
        (
            "clip_sample", "set_alpha_to_one", "skip_prk_steps", "thresholding", "rescale_betas_zero_snr",
            "lower_order_final", "euler_at_final", "predict_x0", "use_karras_sigmas", "use_exponential_sigmas",
            "use_beta_sigmas", "use_flow_sigmas", "use_lu_lambdas", "use_dynamic_shifting", "invert_sigmas",
            "stochastic_sampling",
        ),
        FLAG,
    ),
}  # fmt: skip
"""By diffusers' names: what a schedule depends on."""
