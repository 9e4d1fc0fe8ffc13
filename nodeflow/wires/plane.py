"""Points in the plane, and what was learned about them: worlds small enough to be seen whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

NoisePath = Literal["diffusion", "straight"]
"""How a point becomes noise while t goes from 0 to 1: round on a circle, x_t = cos(pi t / 2) x_0 + sin(pi t / 2) noise,
or straight, x_t = (1 - t) x_0 + t noise."""


@dataclass(frozen=True, eq=False)
class Points:
    """Points in the plane: ``values`` (N, 2), float32, about from -3 to 3."""

    values: Tensor


@dataclass(frozen=True, eq=False)
class PlaneModel:
    """A small network that was trained on noisy points: from x_t (N, 2) and t (N,) it predicts (N, 2).

    On the path of a diffusion it predicts the noise, on straight paths the flow noise - x_0.
    """

    module: torch.nn.Module
    path: NoisePath
