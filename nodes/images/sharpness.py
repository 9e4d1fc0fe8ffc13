"""Images sharper or softer, by a bell of weights around each pixel."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from nodeflow.node import NodeError, Range, Slider, node
from nodeflow.wires import Image

WIDEST = 31


def bell(radius: int, sigma: float) -> Tensor:
    """Return weights (2 radius + 1, 2 radius + 1) of a normal distribution, whose edges are at 1: their sum is 1."""
    places = torch.linspace(-1, 1, 2 * radius + 1)
    distance = places[:, None].square() + places[None].square()
    weights = torch.exp(-distance / (2 * sigma * sigma))
    return weights / weights.sum()


@node("Sharpen image")
def sharpen_image(
    image: Image,
    radius: Annotated[int, Range(1, WIDEST)] = 1,
    sigma: Annotated[float, Slider(0.1, 10, 0.1)] = 1.0,
    strength: Annotated[float, Slider(0, 5, 0.1)] = 1.0,
) -> Image:
    """Makes edges stronger: each pixel moves away from the mean around it.

    ``x + 10 strength (x - blur(x))``, clamped to 0 to 1. The mean is over ``radius`` pixels to each side, weighted by a
    bell as wide as ``sigma`` says, counted in radii. Images (B, 3, H, W) keep their size.

    Fails for an image that is smaller than the radius.
    """
    pixels, blurred = image.pixels, _blurred(image.pixels, radius, sigma)
    return Image((pixels + 10 * strength * (pixels - blurred)).clamp(0, 1))


@node("Blur image")
def blur_image(
    image: Image,
    radius: Annotated[int, Range(1, WIDEST)] = 1,
    sigma: Annotated[float, Slider(0.1, 10, 0.1)] = 1.0,
) -> Image:
    """Makes images softer: each pixel becomes the mean around it.

    The mean is over ``radius`` pixels to each side, weighted by a bell as wide as ``sigma`` says, counted in radii.
    Images (B, 3, H, W) keep their size. Fails for an image that is smaller than the radius.
    """
    return Image(_blurred(image.pixels, radius, sigma).clamp(0, 1))


def _blurred(pixels: Tensor, radius: int, sigma: float) -> Tensor:
    height, width = pixels.shape[-2:]
    if min(height, width) <= radius:
        raise NodeError(f"the radius of {radius} does not fit into an image of {width} x {height}; make it smaller")
    weights = bell(radius, sigma).to(pixels).expand(3, 1, -1, -1)
    return conv2d(pad(pixels, [radius] * 4, mode="reflect"), weights, groups=3)
