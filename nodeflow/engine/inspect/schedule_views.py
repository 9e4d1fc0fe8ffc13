"""Forms of schedules and of noise levels, step by step."""

from __future__ import annotations

import math
from itertools import pairwise

import torch

from nodeflow.views import Chart, Series, Table, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Schedule, Sigmas, Solver

LARGEST = 1e6
"""Noise to signal ratios beyond this, infinity among them, are pure noise: a curve leaves them out."""


def solver_of(schedule: Schedule) -> Solver:
    """A solver that shows the schedule's levels; which prediction type it is made for changes none of them."""
    return schedule.begin("flow" if schedule.flow else "epsilon", torch.device("cpu"))


def signal_to_noise(schedule: Schedule, sigmas: list[float]) -> list[float]:
    """Signal to noise ratio (of powers) at each level: 1 / sigma², or ((1 - s) / s)² on the paths of flow matching."""
    signal = [1 - sigma if schedule.flow else 1.0 for sigma in sigmas]
    return [(s / sigma) ** 2 if sigma else math.inf for s, sigma in zip(signal, sigmas, strict=True)]


def sigmas(schedule: Schedule, _: ViewRequest) -> Chart:
    """The noise level before each step, and after the last."""
    found = [float(sigma) for sigma in solver_of(schedule).sigmas]
    word = "share of noise" if schedule.flow else "noise to signal ratio"
    left_out = sum(not sigma <= LARGEST for sigma in found)
    caption = f"{left_out} level of pure noise is left out" if left_out else ""
    curve = [(float(i), sigma) for i, sigma in enumerate(found) if sigma <= LARGEST]
    return Chart((_series("sigma", curve),), "step", f"sigma ({word})", caption=caption)


def ratios(schedule: Schedule, _: ViewRequest) -> Chart:
    """Signal to noise ratio before each step, in decibels: 0 where signal and noise are equally strong."""
    found = signal_to_noise(schedule, [float(sigma) for sigma in solver_of(schedule).sigmas])
    curve = [(float(i), 10 * math.log10(ratio)) for i, ratio in enumerate(found) if 1e-12 < ratio < 1e12]
    return Chart((_series("signal to noise", curve),), "step", "signal to noise ratio (dB)")


def timesteps(schedule: Schedule, _: ViewRequest) -> Chart:
    """The training timestep that each step asks the network at."""
    found = [(float(i), float(time)) for i, time in enumerate(solver_of(schedule).timesteps)]
    return Chart((_series("timestep", found),), "step", "timestep")


def table(schedule: Schedule, _: ViewRequest) -> Table:
    """All levels as numbers."""
    solver = solver_of(schedule)
    levels = [float(sigma) for sigma in solver.sigmas]
    times = [f"{float(time):g}" for time in solver.timesteps] + ["end"]
    ratio = signal_to_noise(schedule, levels)
    rows = [
        (str(i), time, f"{sigma:.6g}", f"{snr:.6g}")
        for i, (time, sigma, snr) in enumerate(zip(times, levels, ratio, strict=True))
    ]
    return Table(("step", "timestep", "sigma", "signal to noise"), tuple(rows))


def levels(value: Sigmas, _: ViewRequest) -> Chart:
    """Noise levels, one before each step and one after the last."""
    return Chart(
        (_series("sigma", [(float(i), sigma) for i, sigma in enumerate(value.values.tolist())]),), "step", "sigma"
    )


def log_levels(value: Sigmas, _: ViewRequest) -> Chart:
    """The same as powers of ten, without those of no noise."""
    curve = [(float(i), math.log10(sigma)) for i, sigma in enumerate(value.values.tolist()) if sigma > 0]
    return Chart((_series("log sigma", curve),), "step", "log10 of sigma")


def level_table(value: Sigmas, _: ViewRequest) -> Table:
    """Noise levels as numbers, and the share of the one before that each is."""
    found = value.values.tolist()
    shares = ["", *(f"{now / before:.4f}" if before else "" for before, now in pairwise(found))]
    rows = [(str(i), f"{sigma:.7g}", share) for i, (sigma, share) in enumerate(zip(found, shares, strict=True))]
    return Table(("step", "sigma", "share of the one before"), tuple(rows))


def _series(name: str, curve: list[tuple[float, float]]) -> Series:
    return Series(name, tuple(x for x, _ in curve), tuple(y for _, y in curve))


FORMS: ValueViews = {
    Sigmas.__name__: (
        ValueView("sigmas", "Sigmas", levels),
        ValueView("log", "Logarithm", log_levels),
        ValueView("numbers", "Numbers", level_table),
    ),
    Schedule.__name__: (
        ValueView("sigmas", "Sigmas", sigmas),
        ValueView("signal", "Signal to noise", ratios),
        ValueView("timesteps", "Timesteps", timesteps),
        ValueView("numbers", "Numbers", table),
    ),
}
