"""Texts of images whose pixels or checksums are damaged: they are read all the same."""

from __future__ import annotations

import io
import json
import os
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from nodeflow.graph.io.comfyui.containers import NotReadableError, find
from nodeflow.graph.io.image_settings.reading import settings_in

PROMPT = {"1": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}}}
WORDS = "a fox\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64"


def png(packed: bool = False, international: bool = False, **texts: str) -> bytes:
    """An image of noise, which no packing makes small, with some texts."""
    info, out = PngInfo(), io.BytesIO()
    for key, text in texts.items():
        if international:
            info.add_itxt(key, text, zip=packed)
        else:
            info.add_text(key, text, zip=packed)
    Image.frombytes("RGB", (64, 64), os.urandom(64 * 64 * 3)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def with_wrong_checksums(data: bytes) -> bytes:
    """The same file with each checksum of a text one too high, as a tool leaves it that changes texts by hand."""
    place, out = 8, bytearray(data)
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        kind, end = data[place + 4 : place + 8], place + 8 + length
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            wrong = (zlib.crc32(data[place + 4 : end]) + 1) % 2**32
            out[end : end + 4] = wrong.to_bytes(4, "big")
        place = end + 4
    return bytes(out)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("international", [False, True])
@pytest.mark.parametrize("spoil", [with_wrong_checksums, lambda data: data[: len(data) // 2], lambda data: data[:-12]])
def test_texts_of_damaged_images_are_read(packed: bool, international: bool, spoil) -> None:  # type: ignore[no-untyped-def]
    data = spoil(png(packed, international, prompt=json.dumps(PROMPT)))
    assert find(data).prompt == PROMPT
    settings = settings_in(spoil(png(packed, international, parameters=WORDS)))
    assert settings is not None
    assert settings.prompt == "a fox"


def test_a_damaged_image_without_texts_says_so_in_plain_words() -> None:
    data = bytearray(png())
    data[12:16] = b"JUNK"
    with pytest.raises(NotReadableError, match="this image is damaged") as told:
        find(bytes(data))
    assert "object at" not in str(told.value)
    assert "BytesIO" not in str(told.value)
