"""Values as people see them: a line of text, and pictures."""

from __future__ import annotations

import dataclasses
import io
import itertools
import math
from collections.abc import Iterator
from typing import Any

import torch
from PIL import Image as Pillow
from torch import Tensor

from nodeflow.engine.events import Summary
from nodeflow.graph.catalog import NodeSpec
from nodeflow.wires import Image, Latent, Mask

PREVIEW_SIDE = 128
MOST_PICTURES = 64
"""How many pictures are shown of one output."""


def summaries(spec: NodeSpec, outputs: tuple[Any, ...]) -> tuple[Summary, ...]:
    """A summary of each output of a node."""
    return tuple(
        Summary(port.name, port.type, _line(value), _count(value))
        for port, value in zip(spec.outputs, outputs, strict=True)
    )


def _tensor(value: Any) -> Tensor | None:
    match value:
        case Image():
            return value.pixels
        case Latent():
            return value.samples
        case Mask():
            return value.values
        case Tensor():
            return value
    return None


def _line(value: Any) -> str:
    tensor = _tensor(value)
    if tensor is not None:
        kind = str(tensor.dtype).removeprefix("torch.")
        return f"{' x '.join(map(str, tensor.shape))} {kind} on {tensor.device}"
    if isinstance(value, tuple):
        return _short(f"{len(value)} items: " + ", ".join(filter(None, map(_line, value[:20])))).removesuffix(": ")
    if isinstance(value, (str, int, float, bool)):
        return _short(repr(value))
    if dataclasses.is_dataclass(value):
        return next(filter(None, (_field(value, field.name) for field in dataclasses.fields(value))), "")
    return ""


def _field(value: Any, name: str) -> str:
    """A line about a field that holds a tensor."""
    found = getattr(value, name)
    return f"{name} {_line(found)}" if isinstance(found, Tensor) else ""


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:197] + "..."


def _count(value: Any) -> int:
    if isinstance(value, tuple):
        return sum(map(_count, value))
    tensor = _tensor(value)
    return int(tensor.shape[0]) if tensor is not None and tensor.ndim == 4 else 0


def pictures(value: Any, side: int) -> tuple[bytes, ...]:
    """PNG bytes for each picture of a batch, or of the batches of a list; none for what is no picture.

    At most ``side`` pixels wide and high, and at most the first 64.
    """
    return tuple(itertools.islice(_pictures(value, side), MOST_PICTURES))


def _pictures(value: Any, side: int) -> Iterator[bytes]:
    tensor = _tensor(value)
    if isinstance(value, tuple):
        for one in value:
            yield from _pictures(one, side)
    elif tensor is not None and tensor.ndim == 4:
        for item in tensor:
            yield _png(_rgb(item.detach().float().cpu(), isinstance(value, Latent)), side)


def preview(value: Any) -> bytes:
    """A small PNG of the first picture of a batch; empty for what is no picture."""
    tensor = _tensor(value)
    if tensor is None or tensor.ndim != 4:
        return b""
    return _png(_rgb(tensor[0].detach().float().cpu(), isinstance(value, Latent)), PREVIEW_SIDE)


def _rgb(item: Tensor, latent: bool) -> Tensor:
    """(C, H, W) to colours (3, H, W), 0 to 1."""
    if latent and item.shape[0] == 3:  # of a model on pixels, from -1 to 1
        return (item.nan_to_num() / 2 + 0.5).clamp(0, 1)
    if latent:
        return principal_rgb(item) if item[0].numel() > 1 else greys(item)
    return (item[:3] if item.shape[0] >= 3 else item[:1].expand(3, -1, -1)).clamp(0, 1)


def greys(item: Tensor) -> Tensor:
    """A latent without places (C, 1, 1), as a square of greys (3, n, n), row by row: black is -2, grey 0, white 2."""
    side = math.ceil(math.sqrt(len(item)))
    square = torch.zeros(side * side)
    square[: len(item)] = item.flatten().nan_to_num()
    return (square / 4 + 0.5).clamp(0, 1).reshape(1, side, side).expand(3, -1, -1)


def principal_rgb(item: Tensor) -> Tensor:
    """A latent (C, h, w) as colours (3, h, w), 0 to 1: the three directions in which its cells differ most."""
    item = item.nan_to_num()  # to look at a value must not cost it
    if item.shape[0] > 3:
        cells = item.flatten(1) - item.flatten(1).mean(1, keepdim=True)
        _, axes = torch.linalg.eigh(cells @ cells.T)
        axes = axes[:, -3:].flip(1)
        axes = axes * torch.sign(axes.sum(0) + 1e-6)
        item = (axes.T @ cells).reshape(3, *item.shape[1:])
    item = item[:3] if item.shape[0] >= 3 else item[:1].expand(3, -1, -1)
    low, high = item.amin((1, 2), keepdim=True), item.amax((1, 2), keepdim=True)
    return (item - low) / (high - low).clamp(min=1e-6)


def _png(rgb: Tensor, side: int) -> bytes:
    pixels = (rgb * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    picture = Pillow.fromarray(pixels)
    picture.thumbnail((side, side))
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
