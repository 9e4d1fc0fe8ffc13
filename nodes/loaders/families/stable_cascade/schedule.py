"""The noise levels that Stable Cascade was trained with: a cosine of the time, in its own limits."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from nodes.loaders.families.stable_cascade.call import TIMES

OFFSET, LEAST = 0.008, 1e-4
"""What the cosine begins at, and how near its ends the signal's share comes."""


def share(time: float) -> float:
    """The signal's share at a time from 0 to 1 (Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 17)."""

    def cosine(at: float) -> float:
        return math.cos((at + OFFSET) / (1 + OFFSET) * math.pi / 2) ** 2

    return min(max(cosine(time) / cosine(0.0), LEAST), 1 - LEAST)


def betas() -> list[float]:
    """Those of as many timesteps as the networks count."""
    shares = [1.0, *(share((number + 1) / TIMES) for number in range(TIMES))]
    return [1 - after / before for before, after in pairwise(shares)]


USUAL: dict[str, Any] = {
    "_class_name": "DDPMWuerstchenScheduler",
    "num_train_timesteps": TIMES,
    "trained_betas": betas(),
    "prediction_type": "epsilon",
    "timestep_spacing": "trailing",
    "clip_sample": False,
}
