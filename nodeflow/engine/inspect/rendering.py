"""Tensors as images: colours, grey tiles, maps that glow."""

from __future__ import annotations

import math

import msgspec
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.views import Picture

GLOW = (1.0, 0.62, 0.12)
"""The colour of the highest value of a map."""


def colours(rgb: Tensor, size: int, *, smooth: bool, caption: str = "") -> Picture:
    """An image from (3, H, W), 0 to 1; made smaller by averaging where it is larger than ``size``."""
    height, width = rgb.shape[-2:]
    shown = _bytes(_within(rgb.detach().float(), size).clamp(0, 1))
    return Picture(shown.shape[1], shown.shape[0], shown.numpy().tobytes(), width, height, 1, 1, smooth, caption)


IN_A_ROW = 3
"""Tiles that stand side by side; more of them are a grid."""


def tiles(planes: Tensor, size: int, *, each: bool = True, caption: str = "") -> Picture:
    """Grey images (N, H, W) as a grid about as wide as high; the smallest value is black and the largest white.

    ``each``: of each of them, else of all. A value that is not finite is black.
    """
    planes = planes.detach().float()
    count, height, width = planes.shape
    finite = torch.where(torch.isfinite(planes), planes, torch.nan)
    lows, highs = _bounds(finite, each)
    grey = ((finite - lows) / (highs - lows).clamp(min=1e-12)).nan_to_num(0.0)
    columns = count if count <= IN_A_ROW else math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    grey = torch.cat([grey, grey.new_zeros(rows * columns - count, height, width)])
    grey = _within(grey, size // columns)
    h, w = grey.shape[-2:]
    sheet = grey.reshape(rows, columns, h, w).permute(0, 2, 1, 3).reshape(1, rows * h, columns * w)
    shown = _bytes(sheet.expand(3, -1, -1))
    scale = None if each and count > 1 else (float(lows.min()), float(highs.max()))
    pixels = shown.numpy().tobytes()
    return Picture(columns * w, rows * h, pixels, width, height, columns, rows, False, caption, scale, tiles=count)


def heat(values: Tensor, base: Tensor, size: int, caption: str = "") -> Picture:
    """A map (h, w) of values from 0 on as a glow over an image ``base`` (3, H, W), which is dimmed where it is low."""
    found = interpolate(values[None, None].float(), base.shape[-2:], mode="bilinear")[0]
    share = (found / found.amax().clamp(min=1e-12)).clamp(0, 1)
    grey = base.float().mean(0, keepdim=True).expand(3, -1, -1)
    glow = torch.tensor(GLOW, device=base.device)[:, None, None]
    shown = grey * 0.45 * (1 - share) + glow * share
    picture = colours(shown, size, smooth=False, caption=caption)
    return msgspec.structs.replace(picture, scale=(0.0, float(values.max())), glows=True)


def _bounds(planes: Tensor, each: bool) -> tuple[Tensor, Tensor]:
    low = planes.nan_to_num(math.inf, posinf=math.inf, neginf=math.inf).amin((1, 2), keepdim=True)
    high = planes.nan_to_num(-math.inf, posinf=-math.inf, neginf=-math.inf).amax((1, 2), keepdim=True)
    low, high = (torch.where(torch.isfinite(bound), bound, 0.0) for bound in (low, high))
    return (low, high) if each else (low.amin().expand_as(low), high.amax().expand_as(high))


def _within(planes: Tensor, size: int) -> Tensor:
    """(N, H, W), averaged down where a side is longer than ``size``."""
    ratio = max(size, 1) / max(planes.shape[-2:])
    if ratio >= 1:
        return planes
    sides = [max(1, round(side * ratio)) for side in planes.shape[-2:]]
    return interpolate(planes[None], sides, mode="area")[0]


def _bytes(rgb: Tensor) -> Tensor:
    """(3, H, W), 0 to 1, to (H, W, 3) of 8 bits, on the CPU."""
    return (rgb * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().contiguous()
