"""Masks that were painted by hand."""

from __future__ import annotations

import base64
import binascii
from io import BytesIO
from typing import Annotated

import numpy as np
import torch
from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, Painted, node
from nodeflow.wires import Image, Mask

PREFIX = "data:image/png;base64,"
MAX_PIXELS = 16_384 * 16_384


@node("Painted mask")
def painted_mask(image: Image, mask: Annotated[str, Painted("image")] = "") -> Mask:
    """Holds a mask that is painted over an image with a brush: click its row, or press Enter on the node.

    Of images (B, 3, H, W) it takes only the size: the mask is (1, 1, H, W), 0 where nothing is painted and 1 where all
    is. It is kept in the workflow as a small grey PNG of 8 bits. Where the image has another size by now, the mask is
    stretched to it.

    Fails when the text of the mask is no such PNG.
    """
    height, width = image.pixels.shape[-2:]
    if not mask.strip():
        return Mask(torch.zeros(1, 1, height, width))
    values = torch.from_numpy(_grey(mask.strip()))[None, None]
    if values.shape[-2:] != (height, width):
        values = interpolate(values, (height, width), mode="bilinear", antialias=True).clamp(0, 1)
    return Mask(values)


def _grey(text: str) -> np.ndarray:
    """(H, W), float32, 0 to 1. Raises NodeError."""
    try:
        if not text.startswith(PREFIX):
            raise ValueError
        picture = Pillow.open(BytesIO(base64.b64decode(text[len(PREFIX) :], validate=True)), formats=["PNG"])
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError
        return np.asarray(picture.convert("L"), dtype=np.float32) / 255
    except (ValueError, binascii.Error, OSError, SyntaxError, UnidentifiedImageError, Pillow.DecompressionBombError):
        raise NodeError("the text of this mask is no PNG image; clear it and paint the mask anew") from None
