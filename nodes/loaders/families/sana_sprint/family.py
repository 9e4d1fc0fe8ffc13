"""Sana Sprint: Sana, distilled to one to four steps and told its guidance; for the sampler lcm."""

from __future__ import annotations

import math
from dataclasses import replace

from nodes.loaders.families.sana.family import FAMILY as SANA

SECOND = 1.3
"""Where on the arc the second of two steps begins, of pi / 2."""
SCHEDULE = {**SANA.usual, "shift": math.tan(SECOND), "image_tokens": 1024}
"""Even levels, shifted so that the second of two lies there."""


FAMILY = replace(
    SANA,
    name="Sana Sprint",
    network=replace(SANA.network, guided=True),
    schedule=lambda config: SCHEDULE,
    usual=SCHEDULE,
)
