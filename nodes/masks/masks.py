"""Masks: where something holds in an image, and images put together by it."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import DrawnNumber, NodeError, Rule, Slider, node
from nodeflow.wires import Image, Mask

Fit = Literal["refuse", "stretch", "cover"]
"""What becomes of a mask whose proportions are not those of the image."""

SUPERSAMPLING = 4
"""Points a pixel and axis that an outline is sampled at, so that its edge is smooth."""


INSIDE = Rule(
    "left < right and top < bottom",
    "this shape has no inside; left must be smaller than right, and top smaller than bottom",
)


@node("Shape mask", rules=(INSIDE,))
def shape_mask(
    image: Image,
    shape: Literal["rectangle", "ellipse"] = "rectangle",
    left: Annotated[float, Slider(0, 1, 0.01), DrawnNumber("left", "image")] = 0.25,
    right: Annotated[float, Slider(0, 1, 0.01), DrawnNumber("right", "image")] = 0.75,
    top: Annotated[float, Slider(0, 1, 0.01), DrawnNumber("top", "image")] = 0.25,
    bottom: Annotated[float, Slider(0, 1, 0.01), DrawnNumber("bottom", "image")] = 0.75,
    inverted: bool = False,
) -> Mask:
    """Draws a mask for an image: a rectangle, or the ellipse in it.

    The edges are shares of the image's width and height, from its left and its top. Inside the mask is 1, outside 0;
    with ``inverted`` it is the other way. For images (B, 3, H, W) the mask is (1, 1, H, W).

    It can be drawn on an image: press D on the node.

    Fails when an edge lies beyond the one opposite.
    """
    height, width = image.pixels.shape[-2:]
    x = (_points(width) - left) / (right - left) * 2 - 1
    y = ((_points(height) - top) / (bottom - top) * 2 - 1)[:, None]
    inside = torch.maximum(x.abs(), y.abs()) <= 1 if shape == "rectangle" else x**2 + y**2 <= 1
    covered = torch.nn.functional.avg_pool2d(inside.float()[None, None], SUPERSAMPLING)
    return Mask(1 - covered if inverted else covered)


def _points(count: int) -> Tensor:
    return (torch.arange(count * SUPERSAMPLING) + 0.5) / (count * SUPERSAMPLING)


@node("Mask from image")
def mask_from_picture(
    image: Image, threshold: Annotated[float, Slider(0, 1, 0.01)] = 0.5, inverted: bool = False
) -> Mask:
    """Takes an image as a mask: what is bright is 1, what is dark 0.

    Images (B, 3, H, W) become masks (B, 1, H, W). What is brighter than ``threshold`` belongs to the mask; at 0 the
    brightness itself is taken, for soft edges. ``inverted`` takes what is dark.
    """
    brightness = image.pixels.mean(1, keepdim=True)
    values = (brightness > threshold).float() if threshold else brightness.clamp(0, 1)
    return Mask(1 - values if inverted else values)


@node("Composite", version=2)
def composite(background: Image, foreground: Image, mask: Mask, mask_fit: Fit = "refuse") -> Image:
    """Lays one image over another where a mask says so.

    ``background + mask (foreground - background)``, each (B, 3, H, W); a single image or mask serves all. After
    inpainting this brings back every pixel outside of the mask as it was.

    A mask of other proportions is refused, unless ``mask_fit`` says to stretch it, or to cover the images with it and
    cut off what sticks out.

    Fails when the images differ in size, or in number.
    """
    one, other = background.pixels, foreground.pixels
    if one.shape[-2:] != other.shape[-2:]:
        sizes = " and ".join(f"{pixels.shape[-1]} x {pixels.shape[-2]}" for pixels in (one, other))
        raise NodeError(f"the images are {sizes}; resize one of them before")
    counts = {len(one), len(other), len(mask.values)} - {1}
    if len(counts) > 1:
        raise NodeError("background, foreground and mask hold different numbers of images; make them equal, or one")
    return Image(torch.lerp(one, other, fitted(mask, one, mask_fit).to(one.device)))


def fitted(mask: Mask, samples: Tensor, fit: Fit = "refuse") -> Tensor:
    """A mask (B, 1, h, w) in the size of images or latents (B, C, h, w): the mean of what falls into a cell.

    Raises NodeError for a mask of other proportions, unless ``fit`` says what becomes of them.
    """
    height, width = samples.shape[-2:]
    return interpolate(proportioned(mask.values, height, width, fit), (height, width), mode="area")


def proportioned(values: Tensor, height: int, width: int, fit: str) -> Tensor:
    """A mask (B, 1, h, w) to be brought to a size: cut to its proportions, or whole where it is to be stretched.

    Raises NodeError for a mask of other proportions, unless ``fit`` says what becomes of them.
    """
    old_height, old_width = values.shape[-2:]
    if fit == "stretch" or has_proportions(values, height, width):
        return values
    if fit == "refuse":
        raise NodeError(
            f"the mask is {old_width} x {old_height} and the image has other proportions ({width} x {height} "
            "cells); make a mask of its shape, or say with mask_fit how to fit this one"
        )
    ratio = min(old_width / width, old_height / height)
    cut_width, cut_height = max(round(width * ratio), 1), max(round(height * ratio), 1)
    left, top = (old_width - cut_width) // 2, (old_height - cut_height) // 2
    return values[..., top : top + cut_height, left : left + cut_width]


def has_proportions(values: Tensor, height: int, width: int) -> bool:
    """Return whether a mask has the proportions of a size, but for the rounding of one of them to whole cells."""
    old_height, old_width = values.shape[-2:]
    return bool(abs(old_width * height - old_height * width) <= max(old_width, old_height))
