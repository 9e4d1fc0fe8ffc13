"""The header of a weights file: names, precisions and shapes of its tensors, and its metadata. No weight is read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from math import prod
from pathlib import Path

import msgspec

MAX_HEADER_BYTES = 100_000_000
"""More than the longest header in use, of a model of a thousand layers; what claims more is damaged."""
LFS = b"version https://git-lfs"
"""What a file begins with that git left in place of a large one."""


class HeaderError(Exception):
    """A file that is damaged or was cut short; its text says how."""


class Tensor(msgspec.Struct, frozen=True):
    """A tensor as a header describes it: its precision in the file's own words, its shape, and where its bytes lie."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int] = (0, 0)

    @property
    def bytes(self) -> int:
        return self.data_offsets[1] - self.data_offsets[0]


class Header:
    """Hold what a weights file says of itself."""

    def __init__(
        self, layout: str, tensors: dict[str, Tensor], metadata: dict[str, str], size: int, start: int = 0
    ) -> None:
        self.layout, self.tensors, self.metadata, self.size, self.start = layout, tensors, metadata, size, start

    @cached_property
    def sorted_names(self) -> list[str]:
        return sorted(self.tensors)

    @cached_property
    def _reversed_names(self) -> list[str]:
        return sorted(name[::-1] for name in self.tensors)

    def begins(self, beginning: str) -> bool:
        """Return whether a name begins so."""
        return _has_beginning(self.sorted_names, beginning)

    def ends(self, end: str) -> bool:
        """Return whether a name ends so."""
        return _has_beginning(self._reversed_names, end[::-1])

    def beginning(self, beginning: str) -> Iterator[str]:
        """Return the names that begin so, in their order."""
        names = self.sorted_names
        for place in range(bisect_left(names, beginning), len(names)):
            if not names[place].startswith(beginning):
                return
            yield names[place]

    def prefixes(self, name: str) -> list[str]:
        """Return what stands before a name wherever it ends another: nothing, or whole words with a dot behind."""
        ended, names = name[::-1], self._reversed_names
        found: list[str] = []
        for place in range(bisect_left(names, ended), len(names)):
            if not names[place].startswith(ended):
                break
            found.append(names[place][len(ended) :][::-1])
        return [one for one in found if not one or one.endswith(".")]

    def matches(self, pattern: str, prefix: str = "") -> bool:
        """Return whether there is such a name: whole, or with a ``*`` at its beginning or its end."""
        if pattern.startswith("*"):
            return self.ends(pattern[1:])
        if pattern.endswith("*"):
            return self.begins(prefix + pattern[:-1])
        return prefix + pattern in self.tensors


def _has_beginning(names: list[str], beginning: str) -> bool:
    place = bisect_left(names, beginning)
    return place < len(names) and names[place].startswith(beginning)


def has_shape(tensor: Tensor | None, wanted: tuple[int, ...]) -> bool:
    """Return whether a tensor is of a shape. Codes of four and six bits lie in bytes, so that a row is shorter on
    disk."""
    if tensor is None or len(tensor.shape) != len(wanted):
        return False
    return all(length in (-1, found) for length, found in zip(wanted[:-1], tensor.shape[:-1], strict=True)) and (
        tensor.shape[-1] in set(_on_disk(wanted[-1], tensor.dtype)) or wanted[-1] == -1
    )


def _on_disk(length: int, dtype: str) -> Iterator[int]:
    yield length
    if dtype == "U8":
        yield from (length // 2, length * 3 // 4)


def read_safetensors(path: Path) -> Header:
    """The header of a safetensors file. Raises HeaderError where the file is damaged, OSError where it is not read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
            raise HeaderError("it was cut short within its header")
        raw = file.read(length)
    try:
        metadata = _metadata(raw).metadata or {}
        tensors = _tensors(raw) if b'"__metadata__"' not in raw else _beside_metadata(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise HeaderError("its header cannot be read") from None
    end = max((tensor.data_offsets[1] for tensor in tensors.values()), default=0)
    if 8 + length + end > size:
        raise HeaderError(f"it has {size:,} bytes of {8 + length + end:,}")
    if 8 + length + end < size:
        raise HeaderError(f"{size - 8 - length - end:,} bytes stand behind its last tensor, which belong to none")
    _check_places(tensors)
    return Header("safetensors", tensors, metadata, size, 8 + length)


BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64,
    "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip
"""Of a number, by precisions as safetensors names them."""


def _check_places(tensors: dict[str, Tensor]) -> None:
    """Raise HeaderError as the library does that reads the weights: tensors follow one another without a gap, and each
    is as long as its shape says."""
    end = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        first, last = tensor.data_offsets
        if first != end or last < first:
            raise HeaderError(f"{name[:60]} does not begin where the tensor before it ends")
        if tensor.dtype not in BITS:
            raise HeaderError(f"{name[:60]} is of the precision {tensor.dtype[:20]}, which is not known")
        if prod(tensor.shape) * BITS[tensor.dtype] != (last - first) * 8:
            raise HeaderError(f"{name[:60]} is not as long as its shape says")
        end = last


class _Metadata(msgspec.Struct, rename={"metadata": "__metadata__"}):
    metadata: dict[str, str] | None = None


_metadata = msgspec.json.Decoder(_Metadata).decode
_tensors = msgspec.json.Decoder(dict[str, Tensor]).decode
_raw = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_tensor = msgspec.json.Decoder(Tensor).decode


def _beside_metadata(raw: bytes) -> dict[str, Tensor]:
    return {name: _tensor(entry) for name, entry in _raw(raw).items() if name != "__metadata__"}
