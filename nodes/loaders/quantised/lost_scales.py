"""Scales that a file has lost: weights in float8 without one, in a file whose other weights have them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from nodeflow.node import NodeError

MAX_WEIGHT = 100.0
"""No weight of a network is as large; codes that stand for scaled ones go up to 448 or 57344."""


def check_lost(scaled: Mapping[str, torch.dtype], bare: Mapping[str, Tensor]) -> None:
    """Raise NodeError for the first weight in float8 without a scale that must have had one: its like in another block
    (the same name but for its numbers, and precision) has it, or it is larger than weights are.

    Others that are never scaled (embeddings, say) are plain numbers, and right so.
    """
    places = {_place(name, dtype) for name, dtype in scaled.items()}
    if not places:
        return
    lost = [
        name
        for name, weight in sorted(bare.items())
        if _place(name, weight.dtype) in places or largest(weight) > MAX_WEIGHT
    ]
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        raise NodeError(
            f"{lost[0]}{more} is in float8 without the scale that others in this file have; it was not saved whole"
        )


def _place(name: str, dtype: torch.dtype) -> tuple[str, torch.dtype]:
    return re.sub(r"\d+", "#", name), dtype


def largest(weight: Tensor) -> float:
    """The largest number but for its sign: the one of the largest bits."""
    if not weight.numel():
        return 0.0
    bits = (weight.contiguous().view(torch.uint8) & 0x7F).max()
    return float(bits[None].view(weight.dtype).float())
