"""Matrices and maps of numbers as images, enlarged so that they can be seen."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate

GLOW = (0.92, 0.42, 0.1)
WARM = (0.86, 0.35, 0.13)


def matrix_picture(values):
    """Images (B, 3, S, S) of matrices (B, N, N): white at 0, warm at 1, about 192 pixels wide."""
    colours = 1 - values[:, None].clamp(0, 1) * (1 - torch.tensor(WARM)[:, None, None])
    return interpolate(colours, scale_factor=max(192 // values.shape[-1], 1), mode="nearest")


def shares_picture(values):
    """(1, 3, H, W) of a matrix from 0 to 1: white to warm."""
    colours = 1 - values.clamp(0, 1) * (1 - torch.tensor(WARM)[:, None, None])
    return interpolate(colours[None], scale_factor=max(192 // max(values.shape), 1), mode="nearest")


def coloured(values):
    """(1, 3, H, W) of a matrix from -1 to 1: cold, white, warm."""
    colours = (0.23, 0.36, 0.75), (0.95, 0.95, 0.95), WARM
    cold, middle, warm = (torch.tensor(colour)[:, None, None] for colour in colours)
    share = values.clamp(-1, 1)
    colours = torch.where(share < 0, middle + (middle - cold) * share, middle + (warm - middle) * share)
    return interpolate(colours[None], scale_factor=max(256 // max(values.shape), 1), mode="nearest")


def glowing(part, side=64):
    """(1, 3, side, side): where features (1, C, h, w) are large."""
    size = part.square().mean(1, keepdim=True).sqrt()
    share = size / size.max().clamp(min=1e-12)
    return interpolate(share * torch.tensor(GLOW)[None, :, None, None], (side, side), mode="nearest")
