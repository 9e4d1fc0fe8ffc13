"""What networks give whose numbers ran over: told before it is brought into range or drawn from, which hides it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from nodeflow.node import NumbersError


def finite(values: Tensor, what: str = "the VAE", made: str = "colours") -> Tensor:
    """Values as they are. Raises NumbersError for those that are no numbers or infinite.

    ``what`` is the network, and ``made`` what its values are, as a sentence names them.
    """
    if not _sums_up(values) and not bool(torch.isfinite(values).all()):
        raise NumbersError(
            f"{what} made {made} that are no numbers (NaN) or infinite; half precision may be too narrow for it: "
            "load it in full precision (float32), or one that was made for it; else the weights are damaged"
        )
    return values


def _sums_up(values: Tensor) -> bool:
    """Whether the sum is a finite number: then all of them are. A tenth of the time of looking at each of them."""
    return math.isfinite(values.sum(dtype=torch.promote_types(values.dtype, torch.float32)).item())
