"""Numbers that are none (NaN) or infinite: a run ends where they first appear, and no black image passes for one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nodeflow.graph.model.plain_values import unfit
from nodeflow.node import NodeError, NumbersError
from nodeflow.wires import (
    Conditioning,
    Embedding,
    Image,
    Latent,
    Mask,
    Noise,
    NoiseMask,
    Reference,
    Region,
    Scores,
    Variation,
)

_PARTS: dict[type, tuple[str, ...]] = {
    Image: ("pixels",),
    Mask: ("values",),
    NoiseMask: ("values",),
    Latent: ("samples", "noise_mask"),
    Region: ("mask",),
    Conditioning: ("tokens", "pooled", "score", "sizes", "region", "beside", "references", "otherwise"),
    Reference: ("latent", "seen"),
    Embedding: ("values",),
    Scores: ("values",),
    Noise: ("values", "variation"),
    Variation: ("noise",),
}
"""What must be finite of each wire type; of others, such as schedules and curves, infinite values may be meant."""
_HELP = (
    "half precision may be too narrow for this model: load its VAE and networks in full precision (float32), "
    "or a VAE that was made for it; else the weights are damaged"
)


def check_outputs(outputs: Iterable[Any]) -> None:
    """Raise NumbersError where what a node gave holds numbers that are none, NodeError for plain values that no file
    and no program could keep."""
    for value in outputs:
        if fault := _fault(value):
            raise NumbersError(f"its result holds numbers that are {fault}; {_HELP}")
        if why := next(filter(None, map(unfit, value if isinstance(value, tuple) else (value,))), ""):
            raise NodeError(f"its result {why}")


def check_step(value: Any, index: int, total: int) -> None:
    """Raise NumbersError where what a step made holds such numbers."""
    if fault := _fault(value):
        raise NumbersError(f"step {index} of {total} gave numbers that are {fault}; {_HELP}")


def _fault(value: Any) -> str:
    """What is wrong with the numbers of a value, or of what it is made of; empty where they are fine."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting += one
        elif not isinstance(one, Tensor):
            waiting += (getattr(one, name) for name in _PARTS.get(type(one), ()))
        elif one.is_floating_point() and not bool(torch.isfinite(one).all()):
            return "not a number (NaN)" if bool(torch.isnan(one).any()) else "infinite"
    return ""
