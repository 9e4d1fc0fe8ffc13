"""Control images that hold more than lines: soft edges and depth."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import pad

from nodeflow.node import Slider, node
from nodeflow.wires import Image

FAR, NEAR = 0.1, 0.45
"""Depth of the background, and that where something in front of it begins."""


@node("Soft edges")
def soft_edges(image: Image, smoothing: Annotated[float, Slider(0.3, 5, 0.1)] = 1.0) -> Image:
    """The edges of images as soft lines, brighter where the step is larger, to lead a ControlNet with.

    (B, 3, H, W) becomes (B, 3, H, W) from 0 to 1. The slope of each colour channel is taken after a blur of
    ``smoothing`` pixels; the steepest channel counts, and the steepest place of an image becomes 1. Nothing is thinned
    and nothing is cut off by a threshold, so that weak edges stay, weakly.

    Papers: Sobel & Feldman 1968, A 3x3 Isotropic Gradient Operator for Image Processing; soft edges as a control: Zhang
    et al. 2023 (arXiv:2302.05543), who have them from the network of Xie & Tu 2015, Holistically-Nested Edge Detection
    (arXiv:1504.06375).
    """
    return Image(slopes(image.pixels, smoothing).expand(-1, 3, -1, -1).contiguous())


def slopes(pixels: Tensor, smoothing: float) -> Tensor:
    """The steepness (B, 1, H, W) in 0..1 of images (B, 3, H, W)."""
    found = blurred(pixels.float(), smoothing)
    across = pad(found, (1, 1, 0, 0), mode="replicate")
    along = pad(found, (0, 0, 1, 1), mode="replicate")
    steep = torch.hypot(across[..., 2:] - across[..., :-2], along[..., 2:, :] - along[..., :-2, :])
    steep = steep.amax(1, keepdim=True)
    return steep / steep.amax((2, 3), keepdim=True).clamp(min=1e-3)


def blurred(pixels: Tensor, smoothing: float) -> Tensor:
    """Images (B, C, H, W) after a Gaussian blur whose deviation is in pixels."""
    from kornia.filters import gaussian_blur2d

    size = 2 * max(1, round(3 * smoothing)) + 1
    found: Tensor = gaussian_blur2d(pixels, (size, size), (smoothing, smoothing), border_type="replicate")
    return found


@node("Depth of a drawing")
def drawing_depth(
    image: Image,
    roundness: Annotated[float, Slider(0.5, 10, 0.1)] = 4.0,
    apart: Annotated[float, Slider(0.02, 0.5, 0.01)] = 0.12,
) -> Image:
    """How near each place of a drawing is: what stands before a plain background, round as a cushion.

    (B, 3, H, W) becomes (B, 3, H, W) from 0 to 1; nearer is brighter, as ControlNets for depth are shown it. The
    background is the median colour of the image's border. What differs from it by more than ``apart`` stands in front,
    and rises over ``roundness`` pixels from its outline. That holds for drawings such as the starters paint; the depth
    of a photograph needs a network that was trained to tell it.

    Papers: depth as a control: Zhang et al. 2023 (arXiv:2302.05543); from outlines to round bodies: Igarashi et al.
    1999, Teddy: A Sketching Interface for 3D Freeform Design.
    """
    return Image(cushion(image.pixels, roundness, apart).expand(-1, 3, -1, -1).contiguous())


def cushion(pixels: Tensor, roundness: float, apart: float) -> Tensor:
    """The nearness (B, 1, H, W) in 0..1 of images (B, 3, H, W)."""
    pixels = pixels.float()
    border = torch.cat([pixels[..., :2, :].flatten(2), pixels[..., -2:, :].flatten(2), pixels[..., :2].flatten(2),
                        pixels[..., -2:].flatten(2)], 2)  # fmt: skip
    ground = border.median(2).values[..., None, None]
    front = ((pixels - ground).norm(dim=1, keepdim=True) > apart).float()
    inside = 2 * blurred(front, roundness) - 1
    height = front * inside.clamp(min=0).sqrt()
    return FAR + front * (NEAR - FAR) + (1 - NEAR) * height
