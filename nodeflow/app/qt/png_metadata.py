"""The workflow inside a picture: reading and writing a text chunk of a PNG file, byte for byte. No Qt."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEY = "nodeflow"
MAX_TEXT = 64 * 2**20
"""Bytes of a text: a few that are packed could otherwise unfold to more than any memory holds."""


def workflow_of(data: bytes) -> bytes | None:
    """The workflow that a PNG file carries; None where it carries none."""
    return text_of(data, KEY)


def with_workflow(data: bytes, workflow: bytes) -> bytes:
    """The PNG file with the workflow in it, in place of one that it carried before."""
    return with_text(data, KEY, workflow)


def with_text(data: bytes, key: str, text: bytes) -> bytes:
    """The PNG file with a text in it under a key, in place of one that it carried under it before."""
    out = [SIGNATURE]
    for kind, body in _chunks(data):
        if kind in (b"tEXt", b"zTXt", b"iTXt") and body.startswith(key.encode() + b"\0"):
            continue
        out.append(_chunk(kind, body))
        if kind == b"IHDR":
            out.append(_chunk(b"iTXt", key.encode() + b"\0\1\0\0\0" + zlib.compress(text)))
    return b"".join(out)


def text_of(data: bytes, key: str) -> bytes | None:
    """The text that a PNG file carries under a key; None where it carries none."""
    if not data.startswith(SIGNATURE):
        return None
    for kind, body in _chunks(data):
        name, _, rest = body.partition(b"\0")
        if name == key.encode() and kind in (b"tEXt", b"zTXt", b"iTXt"):
            return _text(kind, rest)
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _text(kind: bytes, rest: bytes) -> bytes | None:
    try:
        if kind == b"tEXt":
            return rest.decode("latin-1").encode()
        if kind == b"zTXt":
            return _inflated(rest[1:]).decode("latin-1").encode()
        packed, fields = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
        return _inflated(fields[2]) if packed else fields[2]
    except (zlib.error, IndexError):
        return None


def _inflated(packed: bytes) -> bytes:
    """A packed text. Raises zlib.error for one that is damaged or too long."""
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(packed, MAX_TEXT)
    if not unpacker.eof:
        raise zlib.error("damaged or too long")
    return text
