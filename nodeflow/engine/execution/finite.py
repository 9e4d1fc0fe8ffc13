"""Numbers that are none (NaN) or infinite: a run ends where they first appear, and no black image passes for one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NumbersError
from nodeflow.wires import Conditioning, Embedding, Image, Latent, Mask

_TENSORS: dict[type, tuple[str, ...]] = {
    Image: ("pixels",),
    Mask: ("values",),
    Latent: ("samples",),
    Conditioning: ("tokens", "pooled"),
    Embedding: ("values",),
}
"""What must be finite of each wire type; of others, such as schedules and curves, infinite values may be meant."""
_HELP = (
    "half precision may be too narrow for this model: load its VAE and networks in full precision (float32), "
    "or a VAE that was made for it; else the weights are damaged"
)


def check_outputs(outputs: Iterable[Any]) -> None:
    """Raise NumbersError where what a node gave holds numbers that are none."""
    for value in outputs:
        for one in value if isinstance(value, tuple) else (value,):
            if fault := _fault(one):
                raise NumbersError(f"its result holds numbers that are {fault}; {_HELP}")


def check_step(value: Any, index: int, total: int) -> None:
    """Raise NumbersError where what a step made holds such numbers."""
    if fault := _fault(value):
        raise NumbersError(f"step {index} of {total} gave numbers that are {fault}; {_HELP}")


def _fault(value: Any) -> str:
    for name in _TENSORS.get(type(value), ()):
        tensor = getattr(value, name)
        if isinstance(tensor, Tensor) and tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            return "not a number (NaN)" if bool(torch.isnan(tensor).any()) else "infinite"
    return ""
