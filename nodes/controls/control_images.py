"""Control images: what a ControlNet is shown, white lines on black."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, max_pool2d

from nodeflow.node import Range, Rule, Slider, node
from nodeflow.wires import Image
from nodes.controls.lines.hough import hough_lines

THRESHOLDS = Rule("low <= high", "low ({low}) is above high ({high}); an edge goes on below where it begins: lower low")


@node("Edges", rules=(THRESHOLDS,))
def edges(
    image: Image,
    low: Annotated[float, Slider(0.01, 1, 0.01)] = 0.1,
    high: Annotated[float, Slider(0.01, 1, 0.01)] = 0.2,
    smoothing: Annotated[float, Slider(0.3, 5, 0.1)] = 1.0,
) -> Image:
    """The edges of images as thin white lines on black, to lead a ControlNet with.

    (B, 3, H, W) becomes (B, 3, H, W) of 0 and 1. Each colour channel is looked at by itself, so that an edge between
    two colours of one brightness is found too. A gradient above ``high`` begins an edge, and the edge goes on while
    the gradient stays above ``low``. ``smoothing`` is the deviation in pixels of the blur before: more of it leaves the
    large shapes.

    Fails when ``low`` is above ``high``.
    Paper: Canny 1986, A Computational Approach to Edge Detection.
    """
    return Image(edge_lines(image.pixels, low, high, smoothing).expand(-1, 3, -1, -1).contiguous())


@node("Straight lines", version=2, rules=(THRESHOLDS,))
def straight_lines(
    image: Image,
    shortest: Annotated[int, Range(3, 1000)] = 12,
    gap: Annotated[int, Range(0, 100)] = 3,
    low: Annotated[float, Slider(0.01, 1, 0.01)] = 0.1,
    high: Annotated[float, Slider(0.01, 1, 0.01)] = 0.2,
    smoothing: Annotated[float, Slider(0.3, 5, 0.1)] = 1.0,
) -> Image:
    """The straight lines of images, white on black: walls, tables and horizons, without what is round.

    (B, 3, H, W) becomes (B, 3, H, W) of 0 and 1. The edges are those of *Edges* with ``low``, ``high`` and
    ``smoothing``; of these the lines stay that are at least ``shortest`` pixels long, where up to ``gap`` pixels in a
    row may be missing. ControlNets for lines, such as ``lllyasviel/sd-controlnet-mlsd``, are led by such images.

    Fails when ``low`` is above ``high``.
    Papers: Duda & Hart 1972, Use of the Hough Transformation to Detect Lines and Curves in Images; Matas, Galambos &
    Kittler 2000, whose faster form OpenCV computes.
    """
    found = edges(image, low, high, smoothing).pixels[:, 0]
    drawn = torch.stack([hough_lines(one, shortest, gap) for one in found])
    return Image(drawn[:, None].expand(-1, 3, -1, -1).contiguous())


@node("Scribble")
def scribble(
    image: Image,
    thickness: Annotated[int, Range(1, 15)] = 3,
    tremble: Annotated[float, Slider(0, 4, 0.1)] = 0.8,
    smoothing: Annotated[float, Slider(0.3, 5, 0.1)] = 2.0,
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0,
) -> Image:
    """The outlines of images as a hand would draw them: thick white lines on black, not quite straight.

    (B, 3, H, W) becomes (B, 3, H, W) from 0 to 1. ``thickness`` and ``tremble`` (how far a line strays) are in pixels;
    ``smoothing`` leaves out what is small. The same seed trembles in the same way.

    Paper: Zhang et al. 2023, Adding Conditional Control to Text-to-Image Diffusion Models (arXiv:2302.05543), whose
    scribbles are thick lines made of an image's edges.
    """
    generator = torch.Generator().manual_seed(seed)
    thin = edge_lines(image.pixels, 0.3, 0.6, smoothing)
    return Image(drawn_by_hand(thin, thickness, tremble, generator).expand(-1, 3, -1, -1).contiguous())


def edge_lines(pixels: Tensor, low: float, high: float, smoothing: float) -> Tensor:
    """Canny's edges of (B, 3, H, W) in any of the three channels: (B, 1, H, W) of 0 and 1."""
    from kornia.filters import canny

    channels = pixels.float().flatten(0, 1)[:, None]
    size = 2 * max(1, round(3 * smoothing)) + 1
    strength: Tensor = canny(channels, low, high, (size, size), (smoothing, smoothing), hysteresis=False)[1]
    strength = strength.view(len(pixels), -1, *pixels.shape[-2:]).amax(1, keepdim=True)
    return _linked((strength > 0).float(), (strength == 1).float())


def _linked(weak: Tensor, strong: Tensor) -> Tensor:
    """The weak lines that hang together with a strong one, each (B, 1, H, W) of 0 and 1.

    Not Kornia's own: that follows each channel by itself, and takes several times as long."""
    while True:
        grown = max_pool2d(strong, 3, 1, 1) * weak
        if torch.equal(grown, strong):
            return grown
        strong = grown


def drawn_by_hand(lines: Tensor, thickness: int, tremble: float, generator: torch.Generator) -> Tensor:
    """Lines (B, 1, H, W) made about ``thickness`` pixels wide and moved smoothly by up to about ``tremble`` pixels."""
    count, _, height, width = lines.shape
    coarse = (max(2, height // 12), max(2, width // 12))
    strays = torch.randn(count, 2, *coarse, generator=generator).to(lines.device)
    strays = interpolate(strays, (height, width), mode="bicubic", align_corners=True) * tremble
    size = torch.tensor([width, height], device=lines.device).view(1, 2, 1, 1)
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    places = torch.stack([columns, rows]).to(lines.device) + 0.5 + strays
    grown = max_pool2d(lines, 2 * (thickness // 2) + 1, 1, thickness // 2)
    moved = grid_sample(grown, (2 * places / size - 1).permute(0, 2, 3, 1), align_corners=False)
    return moved.mul(2).sub(0.5).clamp(0, 1)
