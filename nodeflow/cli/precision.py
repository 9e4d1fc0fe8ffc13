"""The option ``--precision``: what the engine's rule is called, as choices that a terminal shows."""

from __future__ import annotations

from enum import Enum


class Precision(Enum):
    """Exact computes in full precision on processors, fast in bfloat16 where the processor has it."""

    exact = "exact"
    fast = "fast"
