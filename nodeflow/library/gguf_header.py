"""The header of a GGUF file. Long arrays (vocabularies) are passed over, which makes it quick enough for a scan."""

from __future__ import annotations

import struct
from math import prod
from pathlib import Path
from typing import BinaryIO

from nodeflow.library.headers import Header, HeaderError, Tensor

MAGIC = b"GGUF"
MAX_COUNT = 10_000_000
"""More entries than any file has; what claims more is damaged."""
MAX_ARRAY = 2_000_000
"""More numbers or words than any list in a header has, vocabularies among them."""
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of a value by its type; 8 is a text, 9 an array."""
_FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
TEXT, ARRAY = 8, 9
TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4",
}  # fmt: skip
"""Names of the types of tensors, as ggml counts them."""

BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74),
    18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2),
    26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
    40: (64, 36), 41: (128, 18),
}  # fmt: skip
"""Numbers in a block, and its bytes, by the types of tensors."""
ALIGNMENT = "general.alignment"


def read_gguf(path: Path) -> Header:
    """The header of a GGUF file; shapes are in torch's order. Raises HeaderError where the file is damaged."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            if file.read(4) != MAGIC:
                raise HeaderError("it does not begin as GGUF files do")
            if _number(file, "<I") not in (2, 3):
                raise HeaderError("it is of a version of GGUF that is not known here")
            tensors, pairs = _count(file), _count(file)
            metadata = dict(_pair(file, size) for _ in range(pairs))
            found = dict(_tensor(file, size) for _ in range(tensors))
            start = _aligned(file.tell(), metadata.get(ALIGNMENT))
    except (struct.error, UnicodeDecodeError, OverflowError):
        raise HeaderError("it was cut short within its header") from None
    end = start + max((tensor.data_offsets[1] for tensor in found.values()), default=0)
    if end > size:
        raise HeaderError(f"it has {size:,} bytes of {end:,}")
    if len(found) < tensors:
        raise HeaderError("it names a tensor twice")
    _check_apart(found)
    return Header("gguf", found, {name: value for name, value in metadata.items() if value is not None}, size, start)


def _check_apart(tensors: dict[str, Tensor]) -> None:
    """Raise HeaderError where a tensor begins before the one ahead of it ends."""
    end = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        if tensor.data_offsets[0] < end:
            raise HeaderError(f"{name[:60]} lies over the tensor before it")
        end = tensor.data_offsets[1]


def _number(file: BinaryIO, format: str) -> int:
    return int(struct.unpack(format, file.read(struct.calcsize(format)))[0])


def _count(file: BinaryIO) -> int:
    found = _number(file, "<Q")
    if found > MAX_COUNT:
        raise HeaderError("its header claims more entries than there can be")
    return found


def _text(file: BinaryIO, size: int) -> str:
    length = _number(file, "<Q")
    if length > size - file.tell():
        raise HeaderError("it was cut short within its header")
    return file.read(length).decode("utf-8", "replace")


def _pair(file: BinaryIO, size: int) -> tuple[str, str | None]:
    name, kind = _text(file, size), _number(file, "<I")
    if kind == ARRAY:
        _pass_array(file, size)
        return name, None
    if kind == TEXT:
        return name, _text(file, size)
    if kind not in _FORMATS:
        raise HeaderError("its header cannot be read")
    return name, str(struct.unpack(_FORMATS[kind], file.read(_SIZES[kind]))[0])


def _pass_array(file: BinaryIO, size: int) -> None:
    kind, count = _number(file, "<I"), _count(file)
    if count > MAX_ARRAY:
        raise HeaderError("its header claims a longer list than there can be")
    if kind == TEXT:
        for _ in range(count):
            length = _number(file, "<Q")
            if length > size - file.tell():
                raise HeaderError("it was cut short within its header")
            file.seek(length, 1)
    elif kind in _SIZES:
        file.seek(_SIZES[kind] * count, 1)
    else:
        raise HeaderError("its header cannot be read")


def _tensor(file: BinaryIO, size: int) -> tuple[str, Tensor]:
    name, axes = _text(file, size), _number(file, "<I")
    if axes > 8:
        raise HeaderError("its header cannot be read")
    shape = tuple(_number(file, "<Q") for _ in range(axes))[::-1]
    kind, first = _number(file, "<I"), _number(file, "<Q")
    numbers, bytes = BLOCKS.get(kind, (1, 0))
    return name, Tensor(TYPES.get(kind, f"type {kind}"), shape, (first, first + prod(shape) // numbers * bytes))


def _aligned(place: int, alignment: str | None) -> int:
    """Where the weights begin: at the next multiple."""
    step = int(alignment) if alignment is not None and alignment.isdigit() and int(alignment) else 32
    return -(-place // step) * step
