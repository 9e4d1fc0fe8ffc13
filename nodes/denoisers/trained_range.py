"""Shares of the timesteps that a model was trained with, from the noisiest on. No nodes here."""

from __future__ import annotations

LAST_TIMESTEP = 999
"""The noisiest timestep of models that were trained with a thousand."""


def in_trained_range(time: float, start: float, end: float) -> bool:
    """Return whether a timestep lies between two shares of the trained ones.

    Denoisers are asked at whole timesteps, so that these are whole too; at the one where a range ends, the next one
    that begins there counts with it.
    """
    first, last = (round((1 - share) * LAST_TIMESTEP) for share in (start, end))
    return (start <= 0 or time <= first) and (end >= 1 or time >= last)
