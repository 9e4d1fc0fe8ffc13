"""Masks from points that were set on an image."""

from __future__ import annotations

from typing import Annotated

import msgspec
import torch
from torch import Tensor

from nodeflow.node import DrawnPoints, NodeError, Slider, WrittenForm, node
from nodeflow.wires import Image, Mask

MOST = 200
"""Points of one mask."""


class Point(msgspec.Struct):
    """A place in pixels from the upper left corner."""

    x: float
    y: float


@node("Mask from points")
def mask_from_points(
    image: Image,
    points: Annotated[str, DrawnPoints("image"), WrittenForm("JSON list")] = "[]",
    tolerance: Annotated[float, Slider(0, 1, 0.01)] = 0.1,
    connected: bool = True,
) -> Mask:
    """Takes as a mask what has the colour of points that are set on the image, as a magic wand does.

    Images (B, 3, H, W) become masks (B, 1, H, W) of 0 and 1. Each channel may be off by ``tolerance``. ``connected``
    takes only what hangs together with a point, by its four neighbours, else all that has the colour. Without points
    nothing is taken.

    ``points`` are set on the image: click their row. They are a JSON list of objects with ``x`` and ``y`` in pixels.

    Fails where ``points`` is no such list, and for a point outside of the image.
    """
    found = _read(points)
    height, width = image.pixels.shape[-2:]
    taken = torch.zeros_like(image.pixels[:, :1])
    for point in found:
        if not (0 <= point.x < width and 0 <= point.y < height):
            raise NodeError(
                f"a point lies at {point.x:g}, {point.y:g}, outside of this image ({width} x {height} pixels)"
            )
        x, y = int(point.x), int(point.y)
        wanted = image.pixels[..., y : y + 1, x : x + 1]
        alike = (image.pixels - wanted).abs().amax(1, keepdim=True) <= tolerance + 0.5 / 255
        taken = torch.maximum(taken, (_around(alike, x, y) if connected else alike).to(taken))
    return Mask(taken)


def _read(points: str) -> list[Point]:
    try:
        found = msgspec.json.decode(points.strip() or "[]", type=list[Point])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise NodeError(f"points is no list of points: {error}") from None
    if len(found) > MOST:
        raise NodeError(f"there are {len(found)} points; a mask takes up to {MOST}")
    return found


def _around(alike: Tensor, x: int, y: int) -> Tensor:
    """What hangs together with a place, (B, 1, H, W)."""
    from scipy.ndimage import label

    parts = [label(one[0].cpu().numpy())[0] for one in alike]
    return torch.stack([torch.from_numpy(part == part[y, x])[None] for part in parts]).to(alike.device)
