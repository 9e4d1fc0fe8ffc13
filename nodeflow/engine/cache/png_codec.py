"""Images of whole 8-bit values as PNG, a fraction of their size as floating-point numbers. Nothing is lost."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

MAX_PNG_SIDE = 65_500
"""Rows that Pillow's PNG writer is trusted with."""


def as_png(pixels: Tensor) -> Tensor | None:
    """Images (B, 3, H, W) from 0 to 1 as the bytes (N,) of one PNG, one below the other; None where any value is not
    exactly one of 255ths."""
    if pixels.dtype != torch.float32 or pixels.ndim != 4 or pixels.shape[1] != 3 or not pixels.numel():
        return None
    whole = (pixels.detach().cpu() * 255).round().clamp(0, 255).to(torch.uint8)
    if len(pixels) * pixels.shape[2] > MAX_PNG_SIDE or not torch.equal(_as_pixels(whole), pixels.detach().cpu()):
        return None
    file = io.BytesIO()
    Image.fromarray(whole.permute(0, 2, 3, 1).flatten(0, 1).numpy()).save(file, "PNG", compress_level=3)
    return torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)


def from_png(data: Tensor, batch: int) -> Tensor:
    """The images (B, 3, H, W) that `as_png` was given. Raises ValueError."""
    try:
        with Image.open(io.BytesIO(data.numpy().tobytes()), formats=("PNG",)) as file:
            rows = torch.from_numpy(np.array(file.convert("RGB")))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from None
    return _as_pixels(rows.reshape(batch, -1, *rows.shape[1:]).permute(0, 3, 1, 2).contiguous())


def _as_pixels(whole: Tensor) -> Tensor:
    return whole.float() / 255
