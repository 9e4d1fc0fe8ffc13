"""The Hough transform written out (Duda & Hart 1972), to hold OpenCV's lines against on clean drawings."""

from __future__ import annotations

import math

import torch
from torch import Tensor

ANGLES = 180


def hough_lines(edges: Tensor, shortest: int, gap: int) -> Tensor:
    """Lines of at least ``shortest`` pixels among edges (H, W) of 0 and 1, drawn into the same size.

    Each edge pixel votes for all lines x cos(a) + y sin(a) = r through it. The line with most votes is followed along
    its pixels, which may lack up to ``gap`` in a row; what it takes votes no more. Duda & Hart 1972, Use of the Hough
    Transformation to Detect Lines and Curves in Images.
    """
    height, width = edges.shape
    angles = torch.arange(ANGLES, device=edges.device) * (math.pi / ANGLES)
    normals = torch.stack([angles.cos(), angles.sin()])  # (2, A)
    points = edges.nonzero().flip(1).float()  # (N, 2), x and y
    reach = math.ceil(math.hypot(height, width))
    cells = (points @ normals).round().long() + reach  # (N, A)
    votes = torch.zeros(ANGLES, 2 * reach + 1, device=edges.device)
    votes.scatter_add_(1, cells.T, torch.ones_like(cells.T, dtype=votes.dtype))
    free, drawn = torch.ones(len(points), dtype=torch.bool, device=edges.device), torch.zeros_like(edges)
    while votes.max() >= shortest:
        angle, cell = divmod(int(votes.argmax()), votes.shape[1])
        normal = normals[:, angle]
        direction = torch.stack([-normal[1], normal[0]])
        near = (free & ((cells[:, angle] - cell).abs() <= 1)).nonzero()[:, 0]
        along = points[near] @ direction
        taken = [run for run in _runs(along, gap) if float(along[run].max() - along[run].min()) + 1 >= shortest]
        for run in taken:
            places = torch.linspace(float(along[run].min()), float(along[run].max()), 2 * len(run) + 2 * reach)
            x, y = ((cell - reach) * normal[:, None] + direction[:, None] * places.to(edges.device)).round().long()
            drawn[y.clamp(0, height - 1), x.clamp(0, width - 1)] = 1
        if taken:
            used = near[torch.cat(taken)]
            free[used] = False
            votes.scatter_add_(1, cells[used].T, -torch.ones_like(cells[used].T, dtype=votes.dtype))
        votes[angle, cell] = 0
    return drawn


def _runs(along: Tensor, gap: int) -> list[Tensor]:
    """The numbers of the places that follow each other without more than ``gap`` missing."""
    order = along.argsort()
    breaks = (along[order].diff() > gap + 1.5).nonzero()[:, 0] + 1
    return [run for run in order.tensor_split(breaks.cpu()) if len(run)]
