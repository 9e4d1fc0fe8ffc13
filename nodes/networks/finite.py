"""Images from networks whose numbers ran over: told before they are brought into range, which would hide it."""

from __future__ import annotations

import torch
from torch import Tensor

from nodeflow.node import NumbersError


def finite(pixels: Tensor, what: str = "the VAE") -> Tensor:
    """Images as they are. Raises NumbersError for colours that are no numbers or infinite."""
    if not bool(torch.isfinite(pixels).all()):
        raise NumbersError(
            f"{what} made colours that are no numbers (NaN) or infinite; half precision may be too narrow for it: "
            "load it in full precision (float32), or one that was made for it; else the weights are damaged"
        )
    return pixels
