"""Figures of four sticks that say where a subject is, how large and how it is turned, and nothing of its outline.

As each limb of a person has a colour of its own in OpenPose's figures (Cao et al. 2019, arXiv:1812.08008).
"""

from __future__ import annotations

from math import cos, radians, sin
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import Range, Slider, node
from nodeflow.wires import Image

LIMBS = ((0, (1.0, 0.15, 0.1)), (90, (0.1, 0.9, 0.2)), (180, (0.15, 0.3, 1.0)), (270, (1.0, 0.85, 0.1)))
"""Degrees clockwise from upwards, and the colour of what points there, so that up is seen however it is turned."""
STICK, JOINT = 0.05, 0.09
"""Half the width of a limb and the radius of its end, as shares of a figure's half size, but no less than a pixel."""
REACH = 0.95


@node("Pose sticks")
def pose_sticks(
    x: Annotated[float, Slider(0, 1, 0.01)] = 0.5,
    y: Annotated[float, Slider(0, 1, 0.01)] = 0.5,
    size: Annotated[float, Slider(0.05, 1, 0.01)] = 0.6,
    turn: Annotated[float, Slider(-180, 180, 1)] = 0.0,
    width: Annotated[int, Range(8, 4096)] = 64,
    height: Annotated[int, Range(8, 4096)] = 64,
) -> Image:
    """Draws four sticks that tell a ControlNet where a subject is, how large and how it is turned.

    ``x`` and ``y`` place its middle as shares of width and height, from the left and from the top; ``size`` is how much
    of the shorter side it takes, ``turn`` is in degrees clockwise. The red stick points up, the green one right, the
    blue one down, the yellow one left: so up is seen however the figure is turned, and nothing is said of the outline.

    It stands for the skeletons of people: OpenPose's have a colour for each limb likewise.
    Papers: Cao et al. 2019, OpenPose (arXiv:1812.08008); a pose as a control: Zhang et al. 2023 (arXiv:2302.05543).
    """
    half = size * min(width, height) / 2
    return Image(sticks((width, height), (x * width, y * height), half, turn)[None])


def sticks(size: tuple[int, int], middle: tuple[float, float], half: float, turn: float) -> Tensor:
    """A figure (3, height, width) in 0..1 whose middle and half size are in pixels, its turn in degrees clockwise."""
    rows, columns = torch.meshgrid(*(torch.arange(side) + 0.5 for side in reversed(size)), indexing="ij")
    places = torch.stack([columns, rows], -1) - torch.tensor(middle, dtype=torch.float32)
    drawn = torch.zeros(3, size[1], size[0])
    for degrees, colour in LIMBS:
        angle = radians(degrees + turn)
        tip = torch.tensor([sin(angle), -cos(angle)]) * float(REACH * half)
        along = (places @ tip / tip.square().sum()).clamp(0, 1)
        stick = max(1.0, STICK * half) + 0.5 - (places - along[..., None] * tip).norm(dim=-1)
        joint = max(1.6, JOINT * half) + 0.5 - (places - tip).norm(dim=-1)
        cover = torch.maximum(stick, joint).clamp(0, 1)
        drawn = drawn + cover * (torch.tensor(colour)[:, None, None] - drawn)
    return drawn
