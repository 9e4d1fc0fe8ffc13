"""Schedules of other programs' samplers as nodes."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.meanings import Wire
from nodes.image_settings.samplers import Sampling

WHOLE_STEPS = "its timesteps are {0}, one more than the steps; here they are spaced for {1}"


def schedule_of(
    build: Builder, trained: Wire, found: Sampling, steps: int, strength: float | None, whole: bool, eta: float | None
) -> Wire:
    """Build a schedule of so many steps, with a ``strength`` its end; ``whole``: all steps, of a longer one."""
    if found.sampler in ("DDIM", "PNDM"):
        return _by_timesteps(build, trained, found, steps, strength, whole, eta)
    denoise, start = _end_of(steps, strength, whole)
    more = {"eta": eta} if eta is not None else {}
    if found.short or found.spacing in ("align_your_steps", "turbo"):
        sigmas = _sigmas(build, trained, found, steps, denoise)
        if start:
            sigmas = build.node("part_of_sigmas", "sigmas", sigmas=sigmas, start=start)
        return build.node("sigmas_schedule", "schedule", sigmas=sigmas, trained=trained, sampler=found.sampler, **more)
    return build.node(
        "k_sampler",
        "schedule",
        trained=trained,
        sampler=found.sampler,
        spacing=found.spacing,
        steps=steps,
        denoise=denoise,
        start_step=start or None,
        **more,
    )


def _end_of(steps: int, strength: float | None, whole: bool) -> tuple[float | None, int]:
    """The share of a longer schedule that is walked, or the step that is begun at."""
    if strength is None or strength >= 1:
        return None, 0
    if whole:
        return max(strength, 0.001), 0
    return None, max(steps - int(min(strength, 0.999) * steps) - 1, 0)


def _sigmas(build: Builder, trained: Wire, found: Sampling, steps: int, denoise: float | None) -> Wire:
    if found.spacing == "align_your_steps":
        return build.node("align_your_steps_sigmas", "sigmas", trained=trained, steps=steps, denoise=denoise)
    if found.spacing == "turbo":
        return build.node("sd_turbo_sigmas", "sigmas", trained=trained, steps=min(steps, 10), denoise=denoise)
    return build.node(
        "model_sigmas",
        "sigmas",
        trained=trained,
        spacing=found.spacing,
        steps=steps,
        denoise=denoise,
        penultimate="discarded",
    )


def _by_timesteps(
    build: Builder, trained: Wire, found: Sampling, steps: int, strength: float | None, whole: bool, eta: float | None
) -> Wire:
    """DDIM and PLMS walk trained timesteps, evenly from the first; where they do not divide, that is one more."""
    if steps and 1000 % min(steps, 1000):
        found.notes.append(WHOLE_STEPS.format(-(-1000 // (1000 // min(steps, 1000))), steps))
    given: dict[str, Any] = {"eta": eta} if eta and found.sampler == "DDIM" else {}
    if strength is not None and strength < 1:
        found.notes.append("the last share of its steps is made by Euler over the same timesteps")
        denoise, start = _end_of(steps, strength, whole)
        about = {"denoise": denoise, "start_step": start or None}
        return build.node(
            "k_sampler", "schedule", trained=trained, sampler="ddim", spacing="ddim_uniform", steps=steps, **about
        )
    return build.node(
        "scheduler", "schedule", trained=trained, kind=found.sampler, steps=steps, spacing="leading", **given
    )
