"""Weights files with true headers: of no size on the disk, since nothing but the header is written."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path

from tests.library.layouts.shapes import Shapes

BYTES = {"F32": 4, "F16": 2, "BF16": 2, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1}


def write_sparse(
    path: Path,
    shapes: Shapes,
    metadata: Mapping[str, str] | None = None,
    dtypes: Mapping[str, str] | None = None,
    dtype: str = "F16",
    data: Mapping[str, bytes] | None = None,
) -> Path:
    """A safetensors file. ``data`` holds the bytes of tensors that have more than a place: U8, of their length."""
    entries: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    place, filled = 0, []
    for name, shape in shapes.items():
        kind, size = (dtypes or {}).get(name, dtype), 1
        for length in shape:
            size *= length
        size *= BYTES[kind]
        entries[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    for name, content in (data or {}).items():
        entries[name] = {"dtype": "U8", "shape": [len(content)], "data_offsets": [place, place + len(content)]}
        filled.append((place, content))
        place += len(content)
    header = json.dumps(entries).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + place)
        for start, content in filled:
            file.seek(8 + len(header) + start)
            file.write(content)
    return path


def write_gguf(
    path: Path, tensors: Mapping[str, tuple[tuple[int, ...], int]], pairs: Mapping[str, str | list[str]]
) -> Path:
    """A GGUF file's header: shapes in torch's order with the number of the type, and texts or lists of them."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    for name, value in pairs.items():
        if isinstance(value, str):
            out += text(name) + struct.pack("<I", 8) + text(value)
        else:
            out += text(name) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(text(one) for one in value)
    last = 0
    for name, (shape, kind) in tensors.items():
        out += text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape[::-1]) + struct.pack("<IQ", kind, last)
        last += _gguf_bytes(shape, kind)
    with path.open("wb") as file:
        file.write(out)
        file.truncate(-(-len(out) // 32) * 32 + last)
    return path


def _gguf_bytes(shape: tuple[int, ...], kind: int) -> int:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    numbers, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    return math.prod(shape) // numbers * size
