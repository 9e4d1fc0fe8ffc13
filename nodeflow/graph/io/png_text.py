"""Texts inside PNG files, the workflow that made the image among them: reading and writing them, byte for byte."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEY = "nodeflow"
MAX_TEXT_BYTES = 64 * 2**20
"""Bytes of a text after unpacking; a longer one counts as not there."""
MAX_ALL_BYTES = 2 * MAX_TEXT_BYTES
"""Bytes of all texts of a file together; what comes after them counts as not there."""
MAX_CHUNKS = 1_000_000

_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


def workflow_of(data: bytes) -> bytes | None:
    """The workflow that a PNG file carries; None where it carries none."""
    return text_of(data, KEY)


def with_workflow(data: bytes, workflow: bytes) -> bytes:
    """The PNG file with the workflow in it, in place of one that it carried before."""
    return with_text(data, KEY, workflow)


def with_text(data: bytes, key: str, text: bytes) -> bytes:
    """The PNG file with a text in it under a key, in place of one that it carried under it before.

    It is written uncompressed: Pillow reads compressed texts up to a megabyte only, and refuses images with longer
    ones. What lies behind the end of the image stays.
    """
    out, file = [SIGNATURE], BytesIO(data)
    for kind, length in _chunks(file):
        body = file.read(length)
        if not (kind in _TEXTS and body.startswith(key.encode("latin-1") + b"\0")):
            out.append(_chunk(kind, body))
        if kind == b"IHDR":
            out.append(_chunk(b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + text))
        file.seek(4, 1)
        if kind == b"IEND":
            break
    return b"".join([*out, file.read()])


def without_texts(data: bytes, kept: tuple[str, ...] = ()) -> bytes:
    """A PNG file without the texts in it, but for those under some keys; any other file as it is."""
    if not data.startswith(SIGNATURE):
        return data
    out, file, names = [SIGNATURE], BytesIO(data), tuple(key.encode("latin-1") + b"\0" for key in kept)
    for kind, length in _chunks(file):
        body = file.read(length + 4)
        if kind not in _TEXTS or body.startswith(names):
            out.append(length.to_bytes(4, "big") + kind + body)
    return b"".join(out)


def text_of(data: bytes, key: str) -> bytes | None:
    """The text that a PNG file carries under a key, as UTF-8; None where it carries none."""
    return texts_in(BytesIO(data), key).get(key)


def texts_in(file: BinaryIO, *keys: str) -> dict[str, bytes]:
    """The texts that a PNG file carries under these keys, as UTF-8. Of the image nothing is read."""
    found: dict[str, bytes] = {}
    if file.read(len(SIGNATURE)) != SIGNATURE:
        return found
    for kind, length in _chunks(file):
        begin = file.tell()
        if kind in _TEXTS and length <= MAX_TEXT_BYTES:
            name, _, rest = file.read(length).partition(b"\0")
            key = name.decode("latin-1")
            text = _text(kind, rest) if key in keys and key not in found else None
            if text is not None:
                found[key] = text
        file.seek(begin + length + 4)
        if kind == b"IEND":
            break
    return found


def all_texts(data: bytes) -> dict[str, str]:
    """All texts of a PNG file by key, of several under one the last. Its pixels and checksums may be damaged."""
    found: dict[str, str] = {}
    left = MAX_ALL_BYTES
    for kind, body in bodies(data, *_TEXTS):
        key, _, rest = body.partition(b"\0")
        text = _text(kind, rest) or b""
        left -= len(text)
        if left < 0:
            break
        if text:
            found[key.decode("latin-1")] = text.decode("utf-8", "replace")
    return found


def bodies(data: bytes, *kinds: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of some kinds of a PNG file with what they hold, whatever their checksums say."""
    file = BytesIO(data)
    for kind, length in _chunks(file):
        begin = file.tell()
        if kind in kinds and length <= MAX_TEXT_BYTES:
            yield kind, file.read(length)
        file.seek(begin + length + 4)
        if kind == b"IEND":
            break


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and length of each chunk; the file then stands at its body, and is to be brought behind its checksum."""
    if file.tell() == 0:
        file.seek(len(SIGNATURE))
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        yield head[4:], int.from_bytes(head[:4], "big")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _text(kind: bytes, rest: bytes) -> bytes | None:
    try:
        if kind == b"tEXt":
            return rest.decode("latin-1").encode()
        if kind == b"zTXt":
            return _unpacked(rest[1:]).decode("latin-1").encode()
        packed, fields = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
        return _unpacked(fields[2]) if packed else fields[2]
    except (zlib.error, IndexError):
        return None


def _unpacked(data: bytes) -> bytes:
    """Raises zlib.error, also for what would be too long."""
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(data, MAX_TEXT_BYTES)
    if not unpacker.eof:
        raise zlib.error("too long, or cut short")
    return found
