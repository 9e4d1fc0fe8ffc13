"""Changing a number by dragging over it. No Qt."""

from __future__ import annotations

import sys
from typing import Any

from nodeflow.graph.model.catalogue import Param

FINE, PLAIN, COARSE = 0.1, 1.0, 10.0
_REACH = 220.0
"""Pixels that lead through a slider's whole range."""
_TOO_LARGE = 2.0**63
"""From here on a number has no notches: they are finer than what it is kept in."""


def step_of(param: Param) -> float:
    """Return what one notch changes a number by."""
    if param.step:
        return param.step
    return 1.0 if param.kind == "int" else 0.01


def tidy(param: Param, value: float, notch: float = 0.0) -> int | float:
    """The nearest value in range, on a multiple of ``notch``; whole where the parameter is. Any number has one."""
    value = _in_range(param, value)
    if notch and abs(value) < _TOO_LARGE:
        value = _in_range(param, round(round(value / notch) * notch, 12))
    return round(value) if param.kind == "int" else float(value)


def _in_range(param: Param, value: float) -> float:
    low = -sys.float_info.max if param.minimum is None else param.minimum
    high = sys.float_info.max if param.maximum is None else param.maximum
    return min(max(low, value), high)


class Scrub:
    """A drag over a number: from the value at its start, a pixel changes it by a share of its range or a step."""

    def __init__(self, param: Param, value: Any, x: float) -> None:
        self.param = param
        self._start = float(value)
        self._x = x
        self._travel = 0.0

    def move(self, x: float, speed: float = PLAIN) -> int | float:
        """The value with the pointer at ``x``; the speed may change on the way."""
        self._travel += (x - self._x) * speed
        self._x = x
        notch = step_of(self.param) * min(speed, PLAIN)
        return tidy(self.param, self._start + self._travel * self._per_pixel(), notch)

    def _per_pixel(self) -> float:
        low, high = self.param.minimum, self.param.maximum
        if self.param.widget == "slider" and low is not None and high is not None:
            return (high - low) / _REACH
        return step_of(self.param) * (0.25 if self.param.kind == "int" else 0.5)
