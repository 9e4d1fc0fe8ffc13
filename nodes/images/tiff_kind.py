"""What the numbers of a TIFF are, by its header, where Pillow takes them for others or does not know them. No nodes."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import TiffImagePlugin

from nodeflow.node import NodeError

BITS, PHOTOMETRIC, SAMPLES, PLANES, FORMAT = 258, 262, 277, 284, 339
SIGNED, FLOAT = 2, 3
WHITE_IS_0, APART = 0, 2


class TiffKind(NamedTuple):
    """Numbers a pixel, their bits, whether they have a point or a sign, whether 0 is white, and whether each colour
    lies in a plane of its own."""

    samples: int
    bits: int
    point: bool
    signed: bool
    white_is_0: bool
    apart: bool

    def __str__(self) -> str:
        numbers = "one number" if self.samples == 1 else f"{self.samples} numbers"
        point = " with a point" if self.point else ""
        apart = ", each in a plane of its own" if self.apart else ""
        return f"{numbers} a pixel of {self.bits} bits{point}{apart}"


def tiff_kind(data: bytes) -> TiffKind | None:
    """Return the kind of a TIFF's first image; None for what is no TIFF, or a damaged one."""
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return None
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
    try:
        file = BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
        found = {tag: tags.get(tag) for tag in (BITS, PHOTOMETRIC, SAMPLES, PLANES, FORMAT)}
    except (OSError, SyntaxError, ValueError, KeyError, IndexError, TypeError, struct.error, OverflowError):
        return None
    form = _first(found[FORMAT], 1)
    return TiffKind(
        _first(found[SAMPLES], 1),
        _first(found[BITS], 1),
        form == FLOAT,
        form == SIGNED,
        _first(found[PHOTOMETRIC], 1) == WHITE_IS_0,
        _first(found[PLANES], 1) == APART and _first(found[SAMPLES], 1) > 1,
    )


def colours_with_point(path: Path, data: bytes, kind: TiffKind) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The numbers (H, W, 3) or (H, W) of a TIFF of numbers with a point, by OpenCV. Raises NodeError where it knows no
    such either."""
    import cv2

    found = None
    if kind.bits in (32, 64) and kind.samples in (1, 3) and not kind.apart:
        try:
            found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error:
            found = None
    if found is None or found.dtype not in (np.float32, np.float64):
        raise unread(path, kind)
    return np.ascontiguousarray(found[..., ::-1] if found.ndim == 3 else found, np.float32)


def unread(path: Path, kind: TiffKind) -> NodeError:
    """The error for a kind that nobody here reads."""
    return NodeError(f"{path}: this TIFF has {kind}, which is not read here; save it as a PNG")


def _first(value: Any, otherwise: int) -> int:
    found = value[0] if isinstance(value, tuple) and value else value
    return found if isinstance(found, int) else otherwise
