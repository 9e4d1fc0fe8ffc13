"""Straight lines among the pixels of edges, found and drawn by OpenCV."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

ANGLE_STEP = math.pi / 180
"""Radians between two angles that are tried."""
VOTES_SHARE = 0.6
"""Votes that a line needs, as a share of its shortest length: rounding spreads a line's votes over several cells."""

CORNERS = 2
"""Pixels by which a line may be shorter, one at each end, where it meets a line that has them already."""
PASSES = 3
"""A pass takes lines at random and leaves some whose pixels it used up; the next ones find those."""


def hough_lines(edges: Tensor, shortest: int, gap: int) -> Tensor:
    """Lines of at least ``shortest`` pixels among edges (H, W) of 0 and 1, drawn into the same size.

    Up to ``gap`` pixels in a row may lack. The probabilistic Hough transform of Matas, Galambos & Kittler 2000, Robust
    Detection of Lines Using the Progressive Probabilistic Hough Transform; the same edges give the same lines.
    """
    import cv2

    left = edges.to("cpu", torch.uint8).numpy() * 255
    drawn = np.zeros_like(left)
    votes = max(2, round(VOTES_SHARE * shortest))
    for _ in range(PASSES):
        found = cv2.HoughLinesP(left, 1, ANGLE_STEP, votes, minLineLength=shortest - 1 - CORNERS, maxLineGap=gap + 1)
        if found is None:
            break
        for x_0, y_0, x_1, y_1 in found.reshape(-1, 4).tolist():
            cv2.line(drawn, (x_0, y_0), (x_1, y_1), 1)
            cv2.line(left, (x_0, y_0), (x_1, y_1), 0)
    return torch.from_numpy(drawn).to(edges.device, edges.dtype)
