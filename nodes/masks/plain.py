"""Masks that are the same everywhere."""

from __future__ import annotations

from typing import Annotated

import torch

from nodeflow.node import Range, Slider, node
from nodeflow.wires import Mask

MAX_SIDE = 16_384


@node("Plain mask")
def plain_mask(
    width: Annotated[int, Range(1, MAX_SIDE)] = 512,
    height: Annotated[int, Range(1, MAX_SIDE)] = 512,
    value: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
) -> Mask:
    """Makes a mask with the same value everywhere: 1 is all, 0 is nothing.

    The mask is (1, 1, height, width). Combine it with others, or lay a smaller one on it.
    """
    return Mask(torch.full((1, 1, height, width), value))
