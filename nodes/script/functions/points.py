"""Points in the plane (N, 2), as data that a small network learns within seconds."""

from __future__ import annotations

import math

import torch


def swiss_roll(share, random):
    angle = 1.5 * math.pi * (1 + 2 * share)
    return torch.stack([angle * angle.cos(), angle * angle.sin()], 1) / 6


def two_moons(share, random):
    angle = math.pi * share
    upper = torch.rand(len(share), generator=random) < 0.5
    x = torch.where(upper, angle.cos(), 1 - angle.cos())
    y = torch.where(upper, angle.sin(), 0.5 - angle.sin())
    return 1.4 * torch.stack([x - 0.5, y - 0.25], 1)


def eight_islands(share, random):
    angle = (8 * share).floor() * math.pi / 4
    return 2 * torch.stack([angle.cos(), angle.sin()], 1) + 0.06 * torch.randn(len(share), 2, generator=random)


def two_rings(share, random):
    angle = 2 * math.pi * share
    radius = torch.where(torch.rand(len(share), generator=random) < 0.4, 0.9, 2.0)
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], 1)


def plane_points(shape, count, noise, seed):
    """Points of a shape, each moved by noise of a deviation."""
    random = torch.Generator().manual_seed(seed)
    values = shape(torch.rand(count, generator=random), random)
    return values + noise * torch.randn(count, 2, generator=random)
