"""Matrices as images. No nodes here."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

PIXELS = 192
WARM = (0.86, 0.35, 0.13)


def matrix_picture(values: Tensor) -> Tensor:
    """Images (B, 3, S, S) of matrices (B, N, N): white at 0, warm at 1, about 192 pixels wide."""
    warm = torch.tensor(WARM)[:, None, None]
    colours = 1 - values[:, None].clamp(0, 1) * (1 - warm)
    return interpolate(colours, scale_factor=max(PIXELS // values.shape[-1], 1), mode="nearest")
