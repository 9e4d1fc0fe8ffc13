"""Masks and lines."""

from __future__ import annotations

import math

import torch
from kornia.filters import canny
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, max_pool2d


def shape_mask(images, shape, left, right, top, bottom):
    """1 inside of a rectangle, or of the ellipse in it, by shares of the sides; edges are smooth."""
    height, width = images.shape[-2:]
    x = (points(width) - left) / (right - left) * 2 - 1
    y = ((points(height) - top) / (bottom - top) * 2 - 1)[:, None]
    inside = torch.maximum(x.abs(), y.abs()) <= 1 if shape == "rectangle" else x**2 + y**2 <= 1
    return avg_pool2d(inside.float()[None, None], 4)


def points(count):
    """Four points a pixel."""
    return (torch.arange(count * 4) + 0.5) / (count * 4)


def whole_mask(mask, images):
    """A mask in the size of images, 1 where it is at least half."""
    return interpolate(mask, images.shape[-2:], mode="bilinear").round()


def grey_within(images, mask):
    """Images that are grey where a mask is."""
    return (images - 0.5) * (1 - mask) + 0.5


def grown_mask(mask, pixels):
    """A mask and so many pixels around it."""
    around = max_pool2d(mask, pixels, 1, math.ceil((pixels - 1) / 2))
    return around[..., : mask.shape[-2], : mask.shape[-1]]


def fitted(mask, samples):
    """A mask in the size of images or latents: the mean of what falls into a cell."""
    return interpolate(mask, samples.shape[-2:], mode="area")


def composite(background, foreground, mask):
    """One image over another, where a mask says so."""
    return torch.lerp(background, foreground, fitted(mask, background))


def padded(images, left, top, right, bottom, feather):
    """Images with grey room around them, and a mask of that room which falls off inside of the images."""
    height, width = images.shape[-2:]
    size = top + height + bottom, left + width + right
    grown = images.new_full((len(images), 3, *size), 0.5)
    grown[..., top : top + height, left : left + width] = images
    faded = torch.zeros(height, width)
    if 0 < feather * 2 < min(height, width):
        rows, columns = torch.arange(height)[:, None].float(), torch.arange(width)[None].float()
        sides = zip((top, bottom, left, right), (rows, height - rows, columns, width - columns), strict=True)
        far = [distance if room else torch.full_like(distance, torch.inf) for room, distance in sides]
        nearest = torch.minimum(torch.minimum(far[0], far[1]), torch.minimum(far[2], far[3]))
        faded = ((feather - nearest).clamp(min=0) / feather) ** 2
    mask = torch.ones(1, 1, *size)
    mask[..., top : top + height, left : left + width] = faded
    return grown, mask


def edges(images, low, high, smoothing):
    """Canny's edges in any of the colours, white on black: weak lines that hang together with a strong one."""
    channels = images.float().flatten(0, 1)[:, None]
    size = 2 * max(1, round(3 * smoothing)) + 1
    strength = canny(channels, low, high, (size, size), (smoothing, smoothing), hysteresis=False)[1]
    strength = strength.view(len(images), -1, *images.shape[-2:]).amax(1, keepdim=True)
    weak, strong = (strength > 0).float(), (strength == 1).float()
    while not torch.equal(grown := max_pool2d(strong, 3, 1, 1) * weak, strong):
        strong = grown
    return strong.expand(-1, 3, -1, -1).contiguous()


def scribble(images, thickness, tremble, smoothing, seed):
    """Edges as a hand would draw them: thick, and not quite straight."""
    lines = edges(images, 0.3, 0.6, smoothing)[:, :1]
    count, _, height, width = lines.shape
    coarse = (max(2, height // 12), max(2, width // 12))
    strays = torch.randn(count, 2, *coarse, generator=torch.Generator().manual_seed(seed))
    strays = interpolate(strays, (height, width), mode="bicubic", align_corners=True) * tremble
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    places = torch.stack([columns, rows]) + 0.5 + strays
    grown = max_pool2d(lines, 2 * (thickness // 2) + 1, 1, thickness // 2)
    size = torch.tensor([width, height]).view(1, 2, 1, 1)
    moved = grid_sample(grown, (2 * places / size - 1).permute(0, 2, 3, 1), align_corners=False)
    return moved.mul(2).sub(0.5).clamp(0, 1).expand(-1, 3, -1, -1).contiguous()
