"""Values as people see them: a line of text, and images."""

from __future__ import annotations

import dataclasses
import functools
import io
import itertools
from collections.abc import Iterator
from typing import Any

import torch
from PIL import Image as Pillow
from torch import Tensor

from nodeflow.engine.previews import curves
from nodeflow.engine.previews.latent_colours import Finder, rgb
from nodeflow.engine.protocol.events import Summary
from nodeflow.graph.model.catalogue import NodeSpec
from nodeflow.wires import Image, Latent, Mask

PREVIEW_SIDE = 128
MAX_PICTURES = 64
"""How many images are shown of one output."""


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
    cls: Any = type(value)
    return next(filter(None, (_field(value, name) for name in _fields(cls))), "")


@functools.cache
def _fields(kind: Any) -> tuple[str, ...]:
    """The names of a dataclass's fields; none of another class."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


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
    if tensor is not None:
        return int(tensor.shape[0]) if tensor.ndim == 4 else 0
    return int(bool(curves.lines(value)))


def no_map(channels: int) -> None:
    """Where no VAE is known."""


def pictures(value: Any, side: int, map_of: Finder = no_map) -> tuple[bytes, ...]:
    """PNG bytes for each image of a batch, or of the batches of a list; none for what is no image.

    At most ``side`` pixels wide and high, and at most the first 64. ``map_of`` tells the colours of latents.
    """
    return tuple(itertools.islice(_pictures(value, side, map_of), MAX_PICTURES))


def _pictures(value: Any, side: int, map_of: Finder) -> Iterator[bytes]:
    tensor = _tensor(value)
    if isinstance(value, tuple):
        for one in value:
            yield from _pictures(one, side, map_of)
    elif tensor is not None and tensor.ndim == 4:
        for item in tensor:
            yield _png(_colours(item, isinstance(value, Latent), map_of), side)
    elif found := curves.lines(value):
        yield _as_png(curves.drawn(found, side))


def preview(value: Any, map_of: Finder = no_map) -> bytes:
    """A small PNG of the first image of a batch; empty for what is no image."""
    tensor = _tensor(value)
    if tensor is None or tensor.ndim != 4:
        return b""
    return _png(_colours(tensor[0], isinstance(value, Latent), map_of), PREVIEW_SIDE)


def _colours(item: Tensor, latent: bool, map_of: Finder) -> Tensor:
    """(C, H, W) to colours (3, H, W), 0 to 1, on the CPU."""
    item = item.detach().float().cpu()
    if latent:
        return rgb(item, map_of(len(item)))
    return (item[:3] if item.shape[0] >= 3 else item[:1].expand(3, -1, -1)).clamp(0, 1)


def _png(rgb: Tensor, side: int) -> bytes:
    pixels = (rgb * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    picture = Pillow.fromarray(pixels)
    picture.thumbnail((side, side))
    return _as_png(picture)


def _as_png(picture: Pillow.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
