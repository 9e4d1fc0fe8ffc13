"""Containers of ComfyUI's workflows: JSON text, images that carry them (PNG, WebP, JPEG, AVIF), text of the clipboard.

An image may hold two: ``prompt``, which made it, and ``workflow``, what a person saw. Both are given.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from nodeflow.graph.io.comfyui.api_file import is_api_file
from nodeflow.graph.io.comfyui.ui_file import is_ui_file
from nodeflow.graph.io.foreign import said_of_bytes
from nodeflow.graph.io.png_text import SIGNATURE, all_texts, bodies

if TYPE_CHECKING:
    import PIL.Image

MAX_JSON_BYTES = 256 * 2**20
"""Text longer than this is no workflow."""
MAKER, MODEL, DESCRIPTION, USER_COMMENT, EXIF = 0x010F, 0x0110, 0x010E, 0x9286, 0x8769
"""EXIF fields that savers put their texts into."""
NAMES = ("workflow", "prompt")


class Foreign(msgspec.Struct):
    """Hold what lies in a file, as parsed JSON: the window's form, the flat form, or both."""

    workflow: Any = None
    prompt: Any = None
    broken: tuple[str, ...] = ()
    """Which of the two an image holds that cannot be read."""

    @property
    def empty(self) -> bool:
        return self.workflow is None and self.prompt is None


class NotReadableError(ValueError):
    """One sentence: why nothing of ComfyUI can be read here."""


def find(data: bytes) -> Foreign:
    """Return what of ComfyUI lies in a file's bytes; empty where it holds nothing of it.

    Raises NotReadableError where it holds something that cannot be read.
    """
    if _is_picture(data):
        return _from_picture(data)
    if said := said_of_bytes(data):
        raise NotReadableError(said)
    return _from_text(data)


def _is_picture(data: bytes) -> bool:
    return data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or data[8:12] in (b"WEBP", b"avif", b"avis", b"mif1")


def _from_text(data: bytes) -> Foreign:
    if len(data) > MAX_JSON_BYTES:
        return Foreign()
    try:
        text = plain_text(data)
    except UnicodeDecodeError:
        return Foreign()
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return Foreign()
    return _kinds(_parsed(text))


def plain_text(data: bytes) -> str:
    """Bytes as text: UTF-8, or UTF-16 where its mark stands first. Raises UnicodeDecodeError."""
    return data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")


def _parsed(text: str) -> Any:
    """JSON as Python reads it, NaN and all; None for what is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
    except RecursionError:
        raise NotReadableError("its JSON is nested too deep to be a workflow") from None


def _kinds(data: Any) -> Foreign:
    """Parsed JSON as what it is: one of the two forms, or an object that holds them by name."""
    if is_ui_file(data):
        return Foreign(workflow=data)
    if is_api_file(data):
        return Foreign(prompt=data)
    if isinstance(data, dict):
        inner = [data.get(name) for name in NAMES]
        inner = [_parsed(one) if isinstance(one, str) else one for one in inner]
        return Foreign(inner[0] if is_ui_file(inner[0]) else None, inner[1] if is_api_file(inner[1]) else None)
    return Foreign()


def _from_picture(data: bytes) -> Foreign:
    found = Foreign()
    for name, text in _texts(data):
        parsed = _parsed(text)
        known = _kinds(parsed)
        if known.empty and name in NAMES and parsed != {} and text.lstrip()[:1] in ("{", "["):
            found.broken += (name,)
        wanted = Foreign(known.workflow, None) if name == "workflow" else known
        found.workflow = found.workflow if found.workflow is not None else wanted.workflow
        found.prompt = found.prompt if found.prompt is not None else known.prompt
    return found


def _texts(data: bytes) -> Iterator[tuple[str, str]]:
    """The texts of an image by name, as its savers put them there. Of a PNG file only its chunks are looked at.

    Raises NotReadableError where it is damaged and has none.
    """
    from PIL import Image

    found = False
    for name, text in all_texts(data).items():
        found = True
        yield name.lower(), repaired(text)
    for _, body in bodies(data, b"comf"):
        yield from _split(body.decode("utf-8", "replace").replace("\0", ":", 1))
    try:
        exif = exif_of(data)
        for tag in (MAKER, MODEL, DESCRIPTION, USER_COMMENT):
            yield from _split(_words(exif.get(tag)))
        yield from _split(_words(exif.get_ifd(EXIF).get(USER_COMMENT)))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if not found:
            raise NotReadableError(damage(error)) from None


def exif_of(data: bytes) -> PIL.Image.Exif:
    """Return the fields of an image. Raises what Pillow raises for one that is damaged."""
    from PIL import Image

    if data.startswith(SIGNATURE):
        exif = Image.Exif()
        for _, body in bodies(data, b"eXIf"):
            exif.load(body)
            return exif
    with Image.open(io.BytesIO(data)) as picture:
        return picture.getexif()


def damage(error: Exception) -> str:
    """Return in a sentence that an image is damaged, and how where Pillow says it."""
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "this image is damaged (its beginning is not that of its kind, or was changed)"
    return f"this image is damaged ({error})"


def repaired(text: str) -> str:
    """Return a text whose UTF-8 was taken for Latin-1, as some programs write it, put right."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _words(value: Any) -> str:
    """A field of EXIF as text; a comment says its encoding in its first eight bytes."""
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        return ""
    head, rest = value[:8], value[8:]
    if head == b"UNICODE\0":
        even, odd = rest[::2].count(0), rest[1::2].count(0)
        return rest.decode("utf-16-be" if even >= odd else "utf-16-le", "replace")
    return (rest if head in (b"ASCII\0\0\0", bytes(8)) else value).decode("utf-8", "replace")


def _split(text: str) -> Iterator[tuple[str, str]]:
    """A text that begins with its name and a colon, or an object that has both forms."""
    name, colon, rest = text.partition(":")
    if colon and name.strip().lower() in NAMES:
        yield name.strip().lower(), rest.strip().strip("\0")
    elif text.lstrip().startswith("{"):
        yield "", text.strip().strip("\0")
