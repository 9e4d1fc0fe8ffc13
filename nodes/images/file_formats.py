"""Formats of image files: how pixels and texts become the bytes of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from typing import Any, Literal

import numpy as np
from PIL import Image as Pillow
from PIL import PngImagePlugin

from nodeflow.graph.io.png_text import with_text
from nodeflow.graph.io.xmp_text import MAX_PACKET_BYTES, packet_of
from nodeflow.node import warn

Format = Literal["PNG", "PNG, 16 bits", "JPEG", "WebP", "AVIF"]
SUFFIXES: Mapping[Format, str] = {
    "PNG": ".png",
    "PNG, 16 bits": ".png",
    "JPEG": ".jpg",
    "WebP": ".webp",
    "AVIF": ".avif",
}
SETTINGS = "parameters"
"""The text that other programs read: in a chunk of a PNG, in the comment in EXIF of others."""
_EXIF, _USER_COMMENT = 0x8769, 0x9286
Colours = np.ndarray[Any, np.dtype[np.float32]]
"""(H, W, 3), 0 to 1."""


def encoded(colours: Colours, form: Format, quality: int, texts: Mapping[str, str]) -> bytes:
    """Return the bytes of a file with all texts in it, by their names: in chunks of a PNG, in XMP in the others.

    ``quality`` from 1 to 100 is for all but PNG, which loses nothing. Says where a JPEG cannot hold a text.
    """
    return WRITERS[form](colours, quality, {name: text for name, text in texts.items() if text})


def picture(colours: Colours) -> Pillow.Image:
    """An image of eight bits."""
    return Pillow.fromarray((colours * 255).round().astype(np.uint8))


def _png(colours: Colours, quality: int, texts: Mapping[str, str]) -> bytes:
    data, chunks = BytesIO(), PngImagePlugin.PngInfo()
    for name, text in texts.items():
        chunks.add_itxt(name, text)
    picture(colours).save(data, "PNG", pnginfo=chunks)
    return data.getvalue()


def _deep_png(colours: Colours, quality: int, texts: Mapping[str, str]) -> bytes:
    """By OpenCV, since Pillow knows no colours of sixteen bits."""
    import cv2

    values = (colours.astype(np.float64) * 65535).round().astype(np.uint16)
    _, made = cv2.imencode(".png", np.ascontiguousarray(values[..., ::-1]))
    data = made.tobytes()
    for name, text in reversed(list(texts.items())):
        data = with_text(data, name, text.encode())
    return data


def _lossy(form: str, colours: Colours, quality: int, texts: Mapping[str, str]) -> bytes:
    data, exif = BytesIO(), Pillow.Exif()
    if texts.get(SETTINGS):
        exif.get_ifd(_EXIF)[_USER_COMMENT] = b"UNICODE\0" + texts[SETTINGS].encode("utf-16-be")
    packet = packet_of({name: text for name, text in texts.items() if name != SETTINGS})
    if form == "JPEG" and len(packet) > MAX_PACKET_BYTES:
        warn("this workflow is too large for a JPEG, which holds 64 KiB of texts, and is left out; save a PNG or WebP")
        packet = b""
    options: dict[str, Any] = {"subsampling": 0} if form == "JPEG" and quality >= 90 else {}
    options |= {"xmp": packet} if packet else {}
    picture(colours).save(data, form, quality=quality, exif=exif.tobytes(), **options)
    return data.getvalue()


WRITERS: Mapping[Format, Callable[[Colours, int, Mapping[str, str]], bytes]] = {
    "PNG": _png,
    "PNG, 16 bits": _deep_png,
    "JPEG": partial(_lossy, "JPEG"),
    "WebP": partial(_lossy, "WEBP"),
    "AVIF": partial(_lossy, "AVIF"),
}
