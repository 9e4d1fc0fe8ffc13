"""Straight lines among the pixels of edges, found and drawn by OpenCV."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

ANGLE_STEP = math.pi / 180
"""Radians between two angles that are tried."""


def hough_lines(edges: Tensor, shortest: int, gap: int) -> Tensor:
    """Lines of at least ``shortest`` pixels among edges (H, W) of 0 and 1, drawn into the same size.

    Up to ``gap`` pixels in a row may lack. The probabilistic Hough transform of Matas, Galambos & Kittler 2000, Robust
    Detection of Lines Using the Progressive Probabilistic Hough Transform; the same edges give the same lines.
    """
    import cv2

    mask = edges.to("cpu", torch.uint8).numpy()
    drawn = np.zeros_like(mask)
    found = cv2.HoughLinesP(mask * 255, 1, ANGLE_STEP, shortest, minLineLength=shortest - 1, maxLineGap=gap + 1)
    for x_0, y_0, x_1, y_1 in np.empty((0, 4), int) if found is None else found.reshape(-1, 4).tolist():
        cv2.line(drawn, (x_0, y_0), (x_1, y_1), 1)
    return torch.from_numpy(drawn).to(edges.device, edges.dtype)
