"""Formats of image files: how pixels and texts become the bytes of one."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Literal

from PIL import Image as Pillow
from PIL import PngImagePlugin

Format = Literal["PNG", "JPEG", "WebP", "AVIF"]
SUFFIXES: Mapping[Format, str] = {"PNG": ".png", "JPEG": ".jpg", "WebP": ".webp", "AVIF": ".avif"}
_EXIF, _USER_COMMENT = 0x8769, 0x9286


def encoded(picture: Pillow.Image, form: Format, quality: int, texts: Mapping[str, str]) -> bytes:
    """Return the bytes of a file. PNG takes all texts, by their names; the others only ``parameters``, as the comment
    in EXIF that other programs read. ``quality`` from 1 to 100 is for all but PNG, which loses nothing."""
    data = BytesIO()
    if form == "PNG":
        chunks = PngImagePlugin.PngInfo()
        for name, text in texts.items():
            if text:
                chunks.add_itxt(name, text)
        picture.save(data, "PNG", pnginfo=chunks)
        return data.getvalue()
    exif = Pillow.Exif()
    if texts.get("parameters"):
        exif.get_ifd(_EXIF)[_USER_COMMENT] = b"UNICODE\0" + texts["parameters"].encode("utf-16-be")
    subsampling = {"subsampling": 0} if form == "JPEG" and quality >= 90 else {}
    picture.save(data, form.upper(), quality=quality, exif=exif.tobytes(), **subsampling)
    return data.getvalue()
