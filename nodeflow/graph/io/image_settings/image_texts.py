"""The texts in an image, wherever programs put them: chunks, EXIF, XMP, and the lowest bits of its alpha channel."""

from __future__ import annotations

import gzip
import html
import io
import re
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec
from PIL import Image

from nodeflow.graph.io.comfyui.containers import NotReadableError, damage, exif_of, repaired
from nodeflow.graph.io.png_text import all_texts

TITLE, DESCRIPTION, MAKER, MODEL, SOFTWARE, USER_COMMENT, EXIF = 0x010D, 0x010E, 0x010F, 0x0110, 0x0131, 0x9286, 0x8769
FIELDS = {TITLE: "Title", DESCRIPTION: "Description", MAKER: "Make", MODEL: "Model", SOFTWARE: "Software"}
MAX_TEXT = 16 * 2**20
ALPHA_MARKS = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}
"""What begins a text in the alpha channel, and whether that is packed."""
MARK_BITS = 15 * 8
LEAST_LETTERS = 0.7


class ImageTexts(msgspec.Struct):
    """Hold the texts of an image: ``chunks`` by key, ``comment`` of EXIF, other ``fields``, ``xmp``, ``hidden``."""

    chunks: dict[str, str] = {}
    comment: str = ""
    fields: dict[str, str] = {}
    xmp: str = ""
    hidden: str = ""
    width: int = 0
    height: int = 0

    def __iter__(self) -> Iterator[str]:
        """Every text that may be settings, the likeliest first."""
        yield from filter(None, (self.chunks.get("parameters"), self.comment, self.hidden))


def is_image(data: bytes) -> bool:
    """Tell whether bytes begin as an image that programs write settings into."""
    return data.startswith((b"\x89PNG", b"\xff\xd8\xff")) or data[8:12] in (b"WEBP", b"avif", b"avis", b"mif1")


def texts_of(data: bytes) -> ImageTexts:
    """Read all texts of an image. Raises NotReadableError where it is damaged and has none."""
    chunks = {key: repaired(text).strip("\0") for key, text in all_texts(data).items()}
    found = ImageTexts(chunks=chunks)
    try:
        exif = exif_of(data)
        inner = exif.get_ifd(EXIF)
        found.comment = commented(inner.get(USER_COMMENT)) or commented(exif.get(USER_COMMENT))
        found.fields = {name: text for tag, name in FIELDS.items() if (text := _plain(exif.get(tag)))}
        with Image.open(io.BytesIO(data)) as image:
            found.width, found.height = image.size
            found.xmp = _packet(image.info.get("xmp") or chunks.get("XML:com.adobe.xmp"))
            if image.mode in ("RGBA", "LA") and image.format in ("PNG", "WEBP"):
                found.hidden = _hidden(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if not (found.chunks or found.comment or found.fields):
            raise NotReadableError(damage(error)) from None
    return found


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return repaired(value).strip("\0 ") if isinstance(value, str) else ""


CHARSETS = b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8)
"""What stands before an EXIF comment and says how it is written."""


def _japanese(text: bytes) -> str:
    """A comment in the letters of JIS, or of what Windows writes in their place; empty where it is in neither."""
    for encoding in ("iso2022_jp", "cp932"):
        try:
            return text.decode(encoding).strip("\0")
        except UnicodeDecodeError:
            continue
    return ""


def commented(value: Any) -> str:
    """Return an EXIF comment as text. Its mark says UTF-16 or not; the byte order is told by where zeros stand."""
    if isinstance(value, str):
        return repaired(value).strip("\0")
    if not isinstance(value, bytes):
        return ""
    head, rest = (value[:8], value[8:]) if value[:8] in CHARSETS else (b"", value)
    if head == b"UNICODE\0":
        return _utf16(rest)
    if head.startswith(b"JIS") and (said := _japanese(rest)):
        return said
    try:
        text = rest.decode("utf-8")
    except UnicodeDecodeError:
        text = rest.decode("latin-1")
    return _unswapped(text.strip("\0"))


def _utf16(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").strip("\0")
    even, odd = data[::2].count(0), data[1::2].count(0)
    if even == odd:
        both = [data.decode(f"utf-16-{order}", "replace") for order in ("be", "le")]
        return max(both, key=lambda text: sum(c.isascii() or c.isalnum() for c in text)).strip("\0")
    return data.decode("utf-16-be" if even > odd else "utf-16-le", "replace").strip("\0")


def _unswapped(text: str) -> str:
    """A text that was read in the wrong byte order and saved again, put right: all its letters end in a zero byte."""
    wrong = sum(1 for c in text if ord(c) > 255 and not ord(c) & 255)
    if text and wrong > LEAST_LETTERS * len(text):
        return text.encode("utf-16-be", "replace").decode("utf-16-le", "replace")
    return text


def _packet(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def xmp_value(packet: str, name: str) -> str:
    """Return what an XMP packet says under a name: of an element or its first item, or of an attribute."""
    found = re.search(rf"<{name}\b[^>]*>(.*?)</{name}>", packet, re.S)
    if found:
        item = re.search(r"<rdf:li[^>]*>(.*?)</rdf:li>", found[1], re.S)
        return html.unescape((item or found)[1]).strip()
    attribute = re.search(rf'\b{name}="([^"]*)"', packet)
    return html.unescape(attribute[1]) if attribute else ""


def _hidden(image: Image.Image) -> str:
    """The text in the lowest bits of the alpha channel, read column by column."""
    alpha = image.getchannel("A").transpose(Image.Transpose.TRANSPOSE)
    values = alpha.tobytes()
    mark = _bytes(values[:MARK_BITS])
    packed = ALPHA_MARKS.get(mark)
    if packed is None:
        return ""
    count = int.from_bytes(_bytes(values[MARK_BITS : MARK_BITS + 32]), "big")
    begin = MARK_BITS + 32
    if count % 8 or count > len(values) - begin or count > 8 * MAX_TEXT:
        return ""
    body = _bytes(values[begin : begin + count])
    try:
        return (_unpacked(body) if packed else body).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error, gzip.BadGzipFile):
        return ""


def _unpacked(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
        return file.read(MAX_TEXT)


def _bytes(values: bytes) -> bytes:
    """The lowest bits of values, eight a byte, the first the highest."""
    if len(values) < 8:
        return b""
    bits = values.translate(LOWEST)
    return int(bits, 2).to_bytes(len(values) // 8, "big")


LOWEST = bytes(b"01"[value & 1] for value in range(256))
"""Each value as the digit of its lowest bit."""
