"""Texts in an image's XMP packet, the workflow that made the image among them: for formats without chunks of text.

A packet is RDF in XML (ISO 16684-1). Texts of ours stand in elements of a namespace of our own, by their names; long
ones packed, since a JPEG holds a packet of 64 KiB at most.
"""

from __future__ import annotations

import base64
import html
import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

from nodeflow.graph.io.image_settings.image_texts import xmp_value

NAMESPACE = "urn:nodeflow:texts"
PACKED_FROM = 16_384
"""Bytes of a text from which on it is packed."""
MAX_PACKET_BYTES = 65_502
"""Of a packet in a JPEG, which one segment holds."""
MAX_TEXT_BYTES = 64 * 2**20
"""Bytes of a text after unpacking; a longer one counts as not there."""
MAX_FILE_BYTES = 1 << 30
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
_RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
_TAIL = '</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'


def packet_of(texts: Mapping[str, str]) -> bytes:
    """A packet that holds some texts by their names; nothing where there are none."""
    kept = {name: text for name, text in texts.items() if text}
    if not kept:
        return b""
    inside = "".join(f"  {_element(name, text)}\n" for name, text in kept.items())
    described = f'<rdf:Description rdf:about="" xmlns:nodeflow="{NAMESPACE}">\n{inside}</rdf:Description>\n'
    return f"{_HEAD}{_RDF}{described}{_TAIL}".encode()


def texts_in_packet(packet: str, *names: str) -> dict[str, bytes]:
    """The texts that a packet holds under some names, as UTF-8."""
    found: dict[str, bytes] = {}
    for name in names if NAMESPACE in packet else ():
        plain, packed = xmp_value(packet, f"nodeflow:{name}"), xmp_value(packet, f"nodeflow:{name}-packed")
        text = plain.encode() if plain else _unpacked(packed)
        if text:
            found[name] = text
    return found


def texts_in_picture(path: Path, *names: str) -> dict[str, bytes]:
    """The texts of ours that a JPEG, WebP or AVIF file holds; nothing of the image itself is decoded.

    Empty for what is none of these, is damaged or cannot be read.
    """
    from PIL import Image, UnidentifiedImageError  # asked for by files alone that may hold some

    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return {}
        with Image.open(io.BytesIO(path.read_bytes()), formats=("JPEG", "WEBP", "AVIF")) as image:
            packet = image.info.get("xmp", b"")
    except (
        OSError,
        SyntaxError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        MemoryError,
        struct.error,
        UnidentifiedImageError,
        Image.DecompressionBombError,
    ):
        return {}
    return texts_in_packet(packet.decode("utf-8", "replace") if isinstance(packet, bytes) else "", *names)


def _element(name: str, text: str) -> str:
    if len(text) < PACKED_FROM:
        return f"<nodeflow:{name}>{html.escape(text, quote=False)}</nodeflow:{name}>"
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return f"<nodeflow:{name}-packed>{packed}</nodeflow:{name}-packed>"


def _unpacked(text: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(base64.b64decode(text, validate=True), MAX_TEXT_BYTES)
    except (ValueError, zlib.error):
        return b""
    return found if unpacker.eof else b""
