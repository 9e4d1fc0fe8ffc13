"""Images that Pillow takes for others: TIFFs by what their numbers are, and PNGs that say late which way is up."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from nodeflow.node import NodeError, noting
from nodes.images.image_files import load_image

HEIGHT, WIDTH = 6, 8
GREY = np.linspace(0, 1, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
COLOURS = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], -1)
UNSIGNED, SIGNED, POINT = 1, 2, 3


def tiff(path: Path, values: np.ndarray, form: int, photometric: int, apart: bool = False) -> Path:
    """A TIFF of one strip, or of one a colour (TIFF 6.0)."""
    samples = values.reshape(HEIGHT, WIDTH, -1)
    count = samples.shape[2]
    strips = [np.ascontiguousarray(samples[..., one]) for one in range(count)] if apart else [samples]
    data = [strip.tobytes() for strip in strips]
    starts = [8 + sum(map(len, data[:number])) for number in range(len(data))]
    tags: dict[int, tuple[str, list[int]]] = {
        256: ("H", [WIDTH]), 257: ("H", [HEIGHT]), 258: ("H", [values.dtype.itemsize * 8] * count), 259: ("H", [1]),
        262: ("H", [photometric]), 273: ("I", starts), 277: ("H", [count]), 278: ("H", [HEIGHT]),
        279: ("I", list(map(len, data))), 284: ("H", [1 + apart]), 339: ("H", [form] * count),
    }  # fmt: skip
    place = 8 + sum(map(len, data))
    after, entries, more = place + 6 + 12 * len(tags), b"", b""
    for tag, (letter, found) in sorted(tags.items()):
        packed = struct.pack(f"<{len(found)}{letter}", *found)
        entries += struct.pack("<HHI", tag, {"H": 3, "I": 4}[letter], len(found))
        entries += packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack("<I", after + len(more))
        more += packed if len(packed) > 4 else b""
    ending = struct.pack("<H", len(tags)) + entries + bytes(4) + more
    path.write_bytes(struct.pack("<2sHI", b"II", 42, place) + b"".join(data) + ending)
    return path


@pytest.mark.parametrize(
    ("values", "form", "photometric", "wanted"),
    [
        ((GREY * 65535).round().astype("<u2"), UNSIGNED, 0, 1 - GREY),
        ((GREY * 255).round().astype("u1"), UNSIGNED, 0, 1 - GREY),
        ((GREY * 32767).round().astype("<i2"), SIGNED, 1, GREY),
        (GREY.astype("<f8"), POINT, 1, GREY),
        (COLOURS.astype("<f4"), POINT, 2, COLOURS),
        (COLOURS.astype("<f8"), POINT, 2, COLOURS),
        ((COLOURS * 65535).round().astype("<u2"), UNSIGNED, 2, COLOURS),
    ],
    ids=["white is 0, 16", "white is 0, 8", "signed 16", "64 point", "colours 32 point", "colours 64 point", "16"],
)
def test_the_numbers_of_a_tiff(
    values: np.ndarray, form: int, photometric: int, wanted: np.ndarray, tmp_path: Path
) -> None:
    found = load_image(tiff(tmp_path / "a.tif", values, form, photometric)).image.pixels[0].permute(1, 2, 0).numpy()
    expected = wanted if wanted.ndim == 3 else np.repeat(wanted[..., None], 3, -1)
    assert np.abs(found - expected).max() < 1.01 / 255


@pytest.mark.parametrize(
    ("values", "form", "apart", "says"),
    [
        ((COLOURS * 65535).astype("<u2"), UNSIGNED, True, "3 numbers a pixel of 16 bits, each in a plane of its own"),
        (GREY.astype("<f2"), POINT, False, "one number a pixel of 16 bits with a point"),
        (COLOURS[..., :2].astype("<u2"), UNSIGNED, False, "2 numbers a pixel of 16 bits"),
    ],
    ids=["apart", "half", "grey with alpha"],
)
def test_a_tiff_that_nobody_reads_is_named(
    values: np.ndarray, form: int, apart: bool, says: str, tmp_path: Path
) -> None:
    path = tiff(tmp_path / "a.tif", values, form, 2 if values.ndim == 3 and values.shape[2] == 3 else 1, apart)
    with pytest.raises(NodeError, match=f"this TIFF has {says}, which is not read here; save it as a PNG"):
        load_image(path)


def test_colours_apart_of_eight_bits_are_read(tmp_path: Path) -> None:
    values = (COLOURS * 255).round().astype("u1")
    found = load_image(tiff(tmp_path / "a.tif", values, UNSIGNED, 2, True)).image.pixels[0].permute(1, 2, 0).numpy()
    assert np.abs(found - values / 255).max() < 1e-6


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def turned() -> bytes:
    exif = Pillow.Exif()
    exif[274] = 6
    return exif.tobytes().removeprefix(b"Exif\0\0")


XMP = (
    b'XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(("kind", "body"), [(b"eXIf", turned()), (b"iTXt", XMP)], ids=["eXIf", "XMP"])
@pytest.mark.parametrize("late", [False, True], ids=["before the pixels", "after them"])
def test_a_png_is_turned_wherever_it_says_so(kind: bytes, body: bytes, late: bool, depth: int, tmp_path: Path) -> None:
    values = (COLOURS * (2**depth - 1)).round().astype(f">u{depth // 8}")
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, 2, 0, 0, 0))
    pixels, said = chunk(b"IDAT", zlib.compress(rows)), chunk(kind, body)
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + (pixels + said if late else said + pixels) + chunk(b"IEND", b""))
    found = load_image(path).image.pixels[0].permute(1, 2, 0).numpy()
    assert np.abs(found - np.rot90(COLOURS, -1)).max() < 1.01 / 255


@pytest.mark.parametrize(
    ("begin", "says"),
    [
        (b"", "this file is empty"),
        (b"\xff\x0a", "this is a JPEG XL image, which is not read here; save it as a PNG"),
        (b"\0\0\0\x0cJXL \r\n", "a JPEG XL image"),
        (b"\0\0\0\x18ftypheic", "a HEIF image"),
        (b"\0\0\0\x0cjP  \r\n", "a JPEG 2000 image"),
        (b"\x76\x2f\x31\x01", "an OpenEXR image"),
        (b"8BPS", "a Photoshop image"),
        (b"\0\0\0\x20ftypisom", "an MP4 film"),
        (b"%PDF", "a PDF document"),
        (b"no image", "this is no image that can be read"),
    ],
)
def test_what_is_no_image_that_is_read_is_named(begin: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(begin and begin + bytes(64))
    with pytest.raises(NodeError, match=says):
        load_image(path)


@pytest.mark.parametrize(("form", "name"), [("GIF", "a.gif"), ("WEBP", "a.webp"), ("PNG", "a.png"), ("TIFF", "a.tif")])
def test_of_several_images_the_first_is_taken_and_that_is_told(form: str, name: str, tmp_path: Path) -> None:
    first, second = (Pillow.new("RGB", (8, 6), colour) for colour in ("red", "blue"))
    first.save(tmp_path / name, form, save_all=True, append_images=[second])
    first.save(tmp_path / f"one-{name}", form)
    with noting() as said:
        red = load_image(tmp_path / name).image.pixels[0].mean((1, 2))
    assert [sentence for _, sentence in said] == ["the file holds several images, of which this is the first"]
    assert red[0] > 0.9 and red[2] < 0.1
    with noting() as said:
        load_image(tmp_path / f"one-{name}")
    assert not said


def test_why_an_image_cannot_be_read_is_said_without_names_of_programs(tmp_path: Path) -> None:
    Pillow.effect_noise((300, 300), 50).save(tmp_path / "a.webp")
    data = (tmp_path / "a.webp").read_bytes()
    (tmp_path / "a.webp").write_bytes(data[: len(data) // 2])
    with pytest.raises(NodeError, match=r"a\.webp: cannot be read as an image.*; it may be damaged") as caught:
        load_image(tmp_path / "a.webp")
    assert "object" not in str(caught.value)
