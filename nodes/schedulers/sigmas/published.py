"""Noise levels that were published for one model, and what is done with them. No nodes here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import torch

from nodes.schedulers.sigmas.noise_table import noise_table


class GITSTables(msgspec.Struct):
    """Levels from most noise to least, and by coefficient the places among them of 2 steps, 3 steps, and so on."""

    levels: list[float]
    steps: dict[str, list[list[int]]]


@cache
def _gits_tables() -> GITSTables:
    return msgspec.json.decode((Path(__file__).parent / "gits.json").read_bytes(), type=GITSTables)


def gits_table(coefficient: float) -> list[list[float]]:
    """The levels for 2 steps, 3 steps, up to 20, of the nearest coefficient that there is a table of."""
    tables = _gits_tables()
    nearest = min(tables.steps, key=lambda known: abs(float(known) - coefficient))
    return [[tables.levels[place] for place in places] for places in tables.steps[nearest]]


TIMES = {"SD1": "StableDiffusionTimesteps", "SDXL": "StableDiffusionXLTimesteps"}
"""diffusers has the timesteps that align your steps found; the levels are those of the model there."""
VIDEO = "StableDiffusionVideoSigmas"


def align_your_steps_levels(model: str, steps: int) -> list[float]:
    """Levels that were optimised for SD1, SDXL or SVD; ten steps are published, and others lie between those.

    The last of them stands for the model's least noise.
    """
    from diffusers.schedulers import AysSchedules

    if model in TIMES:
        known = noise_table(None).sigma(torch.tensor([*AysSchedules[TIMES[model]], 0])).tolist()
    else:
        known = [float(sigma) for sigma in AysSchedules[VIDEO][:-1]] + [0.002]
    return known if steps + 1 == len(known) else between(known, steps)


def gits_levels(coefficient: float, steps: int) -> list[float]:
    """Levels of the nearest coefficient that there is a table of, which has 2 steps, 3 steps, up to 20.

    One step goes from the most noise to the least; for more than 20 others are found between.
    """
    known = gits_table(coefficient)
    if steps < 2:
        return between(known[0], steps)
    return known[steps - 2] if steps <= len(known) + 1 else between(known[-1], steps)


def between(levels: list[float], steps: int) -> list[float]:
    """So many steps along levels, even in their logarithm between two of them."""
    places = np.linspace(0, len(levels) - 1, steps + 1)
    found: list[float] = np.exp(np.interp(places, np.arange(len(levels)), np.log(levels))).tolist()
    return found


def last_share(levels: list[float], steps: int, denoise: float) -> list[float]:
    """The last share of so many steps, of which the last ends without noise."""
    return [*levels[-(round(steps * denoise) + 1) : -1], 0.0]
