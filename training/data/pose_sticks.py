"""Figures of four sticks that say where a subject is, how large and how it is turned, and nothing of its outline.

As each limb of a person has a colour of its own in OpenPose's figures (Cao et al. 2019, arXiv:1812.08008).
"""

from math import cos, radians, sin

import torch
from torch import Tensor

LIMBS = ((0, (1.0, 0.15, 0.1)), (90, (0.1, 0.9, 0.2)), (180, (0.15, 0.3, 1.0)), (270, (1.0, 0.85, 0.1)))
"""Degrees clockwise from upwards, and the colour of what points there, so that up is seen however it is turned."""
STICK, JOINT = 0.05, 0.09
"""Half the width of a limb and the radius of its end, as shares of a figure's half size, but no less than a pixel."""
REACH = 0.95


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
