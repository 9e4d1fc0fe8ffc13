"""Tones and colours of images: levels, brightness, contrast, saturation, hue."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import Rule, Slider, node
from nodeflow.wires import Image

GREY = (0.299, 0.587, 0.114)
"""How bright red, green and blue are to the eye (ITU-R BT.601)."""


LEVELS = Rule("black < white", "black ({black}) has to be below white ({white}); set black lower or white higher")


@node("Image levels", rules=(LEVELS,))
def image_levels(
    image: Image,
    black: Annotated[float, Slider(0, 1, 0.01)] = 0.0,
    white: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
    gamma: Annotated[float, Slider(0.1, 5, 0.05)] = 1.0,
) -> Image:
    """Spreads the tones between two levels over the whole range.

    What is ``black`` or darker becomes 0, what is ``white`` or brighter becomes 1, and between them
    ``((x - black) / (white - black)) ** (1 / gamma)``: a gamma above 1 makes the middle brighter. Images (B, 3, H, W)
    keep their size. Fails where black is not below white.
    """
    return Image(((image.pixels - black) / (white - black)).clamp(0, 1).pow(1 / gamma))


@node("Image colours")
def image_colours(
    image: Image,
    brightness: Annotated[float, Slider(0, 3, 0.01)] = 1.0,
    contrast: Annotated[float, Slider(0, 3, 0.01)] = 1.0,
    saturation: Annotated[float, Slider(0, 3, 0.01)] = 1.0,
    hue: Annotated[float, Slider(-180, 180, 1)] = 0.0,
) -> Image:
    """Makes images brighter, stronger in contrast, more colourful, or turns their hues.

    One after the other: all values times ``brightness``; away from the mean grey by ``contrast``; each pixel away from
    its own grey by ``saturation``, where 0 is black and white; its colour turned by ``hue`` degrees around the axis of
    greys. Images (B, 3, H, W) keep their size; what leaves 0 to 1 is cut off after each.
    """
    pixels = (image.pixels * brightness).clamp(0, 1)
    mean = _grey(pixels).mean((2, 3), keepdim=True)
    pixels = (mean + contrast * (pixels - mean)).clamp(0, 1)
    grey = _grey(pixels)
    pixels = (grey + saturation * (pixels - grey)).clamp(0, 1)
    return Image(pixels if not hue else torch.einsum("oc,bchw->bohw", _turn(hue).to(pixels), pixels).clamp(0, 1))


def _grey(pixels: Tensor) -> Tensor:
    """How bright each pixel is (B, 1, H, W)."""
    return (pixels * torch.tensor(GREY).to(pixels)[:, None, None]).sum(1, keepdim=True)


def _turn(degrees: float) -> Tensor:
    """The matrix (3, 3) that turns colours around the axis of greys (Rodrigues' formula)."""
    angle = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    axis = torch.full((3,), 3**-0.5, dtype=torch.float64)
    x, y, z = axis.tolist()
    across = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    cosine, sine = angle.cos(), angle.sin()
    return cosine * torch.eye(3, dtype=torch.float64) + sine * across + (1 - cosine) * torch.outer(axis, axis)
