"""Image files as numbers: colours in sRGB from 0 to 1, upright, and how opaque each pixel is. No nodes here."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps, PngImagePlugin

from nodeflow.graph.io.png_text import SIGNATURE, without_texts
from nodeflow.node import NodeError, warn
from nodeflow.special_files import SPECIAL, is_special
from nodes.images.tiff_kind import TiffKind, colours_with_point, tiff_kind, unread

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "BMP", "GIF", "TIFF")
BYTES_PER_PIXEL = 40
"""Memory that a pixel takes at most while an image is read: as bytes, and as numbers before and after blending."""
MAX_PROFILE_BYTES = 64 * 2**20
KEPT_TEXTS = ("Raw profile type exif", "Raw profile type APP1", "XML:com.adobe.xmp")
"""Texts in PNG files that say which way is up."""
TELLING = b"iCCP", b"eXIf", b"gAMA"
TEXTS = b"tEXt", b"zTXt", b"iTXt"
TURNING = tuple(name.encode() for name in KEPT_TEXTS)
GAMMA_TOLERANCE = 0.05
SAMPLE_FORMAT, UNSIGNED, SIGNED = 339, 1, 2
"""The tag by which a TIFF says what its numbers are, and two of its values."""

_LIMITS = threading.Lock()
Array = np.ndarray[Any, Any]


def decode(path: Path) -> tuple[Array, Array | None]:
    """Colours (H, W, 3) and opacity (H, W), both from 0 to 1; None where an image has no transparency.

    Raises NodeError for what needs more memory than there is, and what Pillow raises for what it cannot read.
    """
    if is_special(path):
        raise NodeError(f"{path} {SPECIAL}")
    if path.stat().st_size > psutil.virtual_memory().available // 2:
        raise NodeError(f"{path}: this file is larger than the memory that is free; choose a smaller image")
    whole = path.read_bytes()
    if is_deep(whole) and (deep := _deep(path, whole)) is not None:
        return deep
    kind = tiff_kind(whole)
    if kind is not None and kind.bits > 8 and (kind.apart or (kind.point and (kind.samples > 1 or kind.bits != 32))):
        return _with_point(path, whole, kind)
    data = BytesIO(without_texts(whole, KEPT_TEXTS))
    with _own_limits(), Pillow.open(data, formats=FORMATS) as file:
        _check_memory(path, file.width * file.height)
        if getattr(file, "is_animated", False) and file.format != "MPO":
            warn("the file holds several images, of which this is the first")
        file.load()
        picture = ImageOps.exif_transpose(file)
        _check_brightness(file.info)
        numbers = getattr(file, "tag_v2", {}).get(SAMPLE_FORMAT, ())
        if picture.mode.startswith("I") or picture.mode == "F":
            return _grey(path, picture, UNSIGNED in numbers, kind)
        if SIGNED in numbers:
            _check_signs(path, picture)
        return _coloured(_clear_as_shown(picture, whole))


def _check_brightness(info: Mapping[Any, Any]) -> None:
    """Warn of brightness that is encoded in another way than in sRGB, where no profile says so too."""
    exponent = info.get("gamma")
    if exponent and abs(exponent * 2.2 - 1) > GAMMA_TOLERANCE and not info.keys() & {"icc_profile", "srgb"}:
        warn(f"the image says that its brightness is encoded by the power {exponent:.3g} (gAMA); it is taken as sRGB")


def _check_signs(path: Path, picture: Pillow.Image) -> None:
    """Raise NodeError for negative numbers in eight bits, which Pillow takes for large ones."""
    least = int(np.asarray(picture).view(np.int8).min(initial=0))
    if least < 0:
        raise NodeError(f"{path}: this image holds values below 0, down to {least}; bring it into a range from 0")


def _clear_as_shown(picture: Pillow.Image, data: bytes) -> Pillow.Image:
    """A picture whose transparent colour is that of its pixels: Pillow brings these to eight bits, and leaves it as a
    PNG of two, four or sixteen bits has it."""
    clear = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(clear, tuple) and max(clear) > 255:
        picture.info["transparency"] = tuple(value >> 8 for value in clear)
    if picture.mode == "L" and isinstance(clear, int) and data[:8] == SIGNATURE and data[24] in (2, 4):
        picture.info["transparency"] = clear * 255 // (2 ** data[24] - 1)
    return picture


def is_deep(data: bytes) -> bool:
    """Whether bytes are a PNG with colours of sixteen bits, which Pillow reads eight of, and no profile of them."""
    if data[:8] != SIGNATURE or len(data) < 26 or data[24] != 16 or data[25] not in (2, 6):
        return False
    return not any(
        kind in (b"iCCP", b"eXIf", b"gAMA") or (kind in TEXTS and body.startswith(TURNING))
        for kind, body in _chunks(data)
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG, each with how it begins."""
    place = len(SIGNATURE)
    while place + 8 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + min(length, 64)]
        place += 12 + length


def _deep(path: Path, data: bytes) -> tuple[Array, Array | None] | None:
    """Colours and opacity of such a PNG, by OpenCV; None where that does not read it."""
    import cv2

    width, height = (int.from_bytes(data[place : place + 4], "big") for place in (16, 20))
    _check_memory(path, width * height)
    try:
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if found is None or found.dtype != np.uint16 or found.ndim != 3:
        return None
    values = found.astype(np.float32) / 65535
    return np.ascontiguousarray(values[..., 2::-1]), values[..., 3] if values.shape[2] == 4 else None


@contextmanager
def _own_limits() -> Iterator[None]:
    """Pillow's limits guard servers by counting pixels, and refuse long colour profiles; ours ask for memory."""
    with _LIMITS:
        before = Pillow.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK
        Pillow.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK = None, MAX_PROFILE_BYTES
        try:
            yield
        finally:
            Pillow.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK = before


def _check_memory(path: Path, pixels: int) -> None:
    needed, free = pixels * BYTES_PER_PIXEL, psutil.virtual_memory().available
    if needed > free:
        raise NodeError(
            f"{path}: to read this image of {pixels / 1e6:,.0f} million pixels takes {needed / 2**30:,.1f} GiB of "
            f"memory, and {free / 2**30:,.1f} GiB are free; make it smaller first"
        )


def _coloured(picture: Pillow.Image) -> tuple[Array, Array | None]:
    """An image of eight bits a channel."""
    opacity = None
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        opacity = np.asarray(picture.getchannel("A"), np.float32) / 255
        profile = picture.info.get("icc_profile")
        picture = picture.convert("RGB")
        picture.info["icc_profile"] = profile
    return np.asarray(_in_srgb(picture), np.float32) / 255, opacity


def _in_srgb(picture: Pillow.Image) -> Pillow.Image:
    """An image by its colour profile in sRGB; as it is where it has none."""
    data = picture.info.get("icc_profile")
    if not data:
        return picture.convert("RGB")
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(data))
        if "srgb" in ImageCms.getProfileDescription(profile).lower():
            return picture.convert("RGB")
        if profile.profile.xcolor_space.strip() == "RGB":
            picture = picture.convert("RGB")
        made = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        warn("the image's colour profile does not fit it; its colours are taken as they are, which may look off")
        return picture.convert("RGB")
    return made if made is not None else picture.convert("RGB")


def _with_point(path: Path, data: bytes, kind: TiffKind) -> tuple[Array, Array | None]:
    """Colours of numbers with a point, or grey of 64 bits, by their range."""
    if not kind.point:
        raise unread(path, kind)
    values = colours_with_point(path, data, kind)
    _check_finite(path, values)
    shown = _in_range(values, _white("F", values, float(values.max(initial=0))))
    return (shown if shown.ndim == 3 else np.repeat(shown[..., None], 3, -1)), None


def _grey(path: Path, picture: Pillow.Image, unsigned: bool, kind: TiffKind | None) -> tuple[Array, Array | None]:
    """Grey of more than eight bits, or of numbers with a point, by its range."""
    values: np.ndarray[Any, Any] = np.asarray(picture)
    if picture.mode == "I" and unsigned:
        values = values.view(np.uint32)
    clear = picture.info.get("transparency")
    opacity = np.asarray(values != clear, np.float32) if isinstance(clear, int) else None
    if picture.mode == "F":
        _check_finite(path, values)
    most, least = (float(values.max()), float(values.min())) if values.size else (0.0, 0.0)
    if least < 0 and picture.mode != "F":
        raise NodeError(f"{path}: this image holds values below 0, down to {least:g}; bring it into a range from 0")
    short = kind is not None and kind.signed and kind.bits == 16
    white = 32767.0 if short else _white(picture.mode, values, most)
    if picture.mode == "I" and not short and white < np.iinfo(values.dtype).max:
        warn(f"the image has 32 bits a pixel and values up to {most:g} only; {white:g} is taken for white")
    grey = _in_range(values, white)
    if kind is not None and kind.white_is_0:
        grey = 1 - grey
    return np.repeat(grey[..., None], 3, -1), opacity


def _check_finite(path: Path, values: Array) -> None:
    """Raise NodeError for numbers that are none."""
    if not np.isfinite(values).all():
        raise NodeError(f"{path}: this image holds values that are no numbers (NaN) or infinite; mend it first")


def _in_range(values: Array, white: float) -> Array:
    """Values from 0 to 1; says what is cut."""
    most, least = (float(values.max()), float(values.min())) if values.size else (0.0, 0.0)
    if least < 0:
        warn(f"the image's values go down to {least:.6g}; what is below 0 is cut")
    if most > white:
        warn(f"the image's values go up to {most:.6g}; {white:g} is taken for white, and what is beyond is cut")
    return np.asarray((values / white).clip(0, 1), np.float32)


def _white(mode: str, values: Any, most: float) -> float:
    """Return what stands for white: the most that so many bits hold; for numbers with a point 1, unless all are
    whole."""
    if mode == "F":
        whole = bool((values == np.round(values)).all()) and most > 1
        return next((white for white in (255.0, 65535.0) if most <= white), most) if whole else 1.0
    if mode != "I":
        return 65535.0
    return next((white for white in (1.0, 255.0, 65535.0) if 0 < most <= white), float(np.iinfo(values.dtype).max))
