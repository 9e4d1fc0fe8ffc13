"""Control images that hold more than lines: soft edges, depth, sticks that say a pose."""

from __future__ import annotations

from math import cos, radians, sin

import torch
from kornia.filters import gaussian_blur2d
from torch.nn.functional import pad


def blurred(images, smoothing):
    """Images after a Gaussian blur whose deviation is in pixels."""
    size = 2 * max(1, round(3 * smoothing)) + 1
    return gaussian_blur2d(images, (size, size), (smoothing, smoothing), border_type="replicate")


def soft_edges(images, smoothing):
    """The steepest slope of any colour; the steepest place of an image becomes 1."""
    found = blurred(images.float(), smoothing)
    across, along = pad(found, (1, 1, 0, 0), mode="replicate"), pad(found, (0, 0, 1, 1), mode="replicate")
    steep = torch.hypot(across[..., 2:] - across[..., :-2], along[..., 2:, :] - along[..., :-2, :])
    steep = steep.amax(1, keepdim=True)
    return (steep / steep.amax((2, 3), keepdim=True).clamp(min=1e-3)).expand(-1, 3, -1, -1).contiguous()


def drawing_depth(images, roundness, apart):
    """How near each place of a drawing is: what stands before a plain background, round as a cushion."""
    images = images.float()
    sides = images[..., :2, :], images[..., -2:, :], images[..., :2], images[..., -2:]
    ground = torch.cat([one.flatten(2) for one in sides], 2).median(2).values[..., None, None]
    front = ((images - ground).norm(dim=1, keepdim=True) > apart).float()
    height = front * (2 * blurred(front, roundness) - 1).clamp(min=0).sqrt()
    return (0.1 + front * (0.45 - 0.1) + (1 - 0.45) * height).expand(-1, 3, -1, -1).contiguous()


def pose_sticks(x, y, size, turn, width, height):
    """Four sticks that say where a subject is, how large and how it is turned: red up, green right, blue down."""
    limbs = (0, (1.0, 0.15, 0.1)), (90, (0.1, 0.9, 0.2)), (180, (0.15, 0.3, 1.0)), (270, (1.0, 0.85, 0.1))
    half = size * min(width, height) / 2
    rows, columns = torch.meshgrid(*(torch.arange(side) + 0.5 for side in (height, width)), indexing="ij")
    places = torch.stack([columns, rows], -1) - torch.tensor((x * width, y * height), dtype=torch.float32)
    drawn = torch.zeros(3, height, width)
    for degrees, colour in limbs:
        angle = radians(degrees + turn)
        tip = torch.tensor([sin(angle), -cos(angle)]) * float(0.95 * half)
        along = (places @ tip / tip.square().sum()).clamp(0, 1)
        stick = max(1.0, 0.05 * half) + 0.5 - (places - along[..., None] * tip).norm(dim=-1)
        joint = max(1.6, 0.09 * half) + 0.5 - (places - tip).norm(dim=-1)
        cover = torch.maximum(stick, joint).clamp(0, 1)
        drawn = drawn + cover * (torch.tensor(colour)[:, None, None] - drawn)
    return drawn[None]
