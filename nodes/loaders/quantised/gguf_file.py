"""GGUF files: ComfyUI-GGUF's, whose names are the original ones, and stable-diffusion.cpp's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.quantised.codecs import by_rows, take
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor, Parts, Rows, Weight
from nodes.loaders.read.folder_files import damaged, named

GGUF = ".gguf"
SWAPPED = "S"
"""What the package calls another order of bytes than this machine's."""
TRUE_SHAPE = "comfy.gguf.orig_shape."
"""Begins the keys that tell the shapes of weights whose rows no block divides."""
ONE_IN_FRONT = ("pos_embed",)
"""Weights with a first axis of one, which stable-diffusion.cpp leaves out."""
PLAIN = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
}
"""Types that are no blocks."""


@dataclass(frozen=True)
class Blocks:
    """Rows of GGUF's blocks, of the type of this name."""

    kind: str

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        return dequantised(take(parts["blocks"], index), self.kind)

    def scales_among(self, parts: Parts) -> Iterator[Tensor]:
        """Return the scales that stand in each block."""
        yield from _scales(parts["blocks"], self.kind)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        return self, by_rows(parts, {"blocks": 0}, start, stop)


@dataclass(frozen=True)
class RowBlocks:
    """Blocks that run on over the ends of rows: rows ``first`` to ``first + height`` of ``width`` columns."""

    kind: str
    width: int
    height: int
    first: int = 0

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        if isinstance(index, Tensor):
            return self.rows(parts, slice(None))[index]
        start, stop, _ = index.indices(self.height)
        begin, end = (self.first + start) * self.width, (self.first + stop) * self.width
        size = parts["blocks"].shape[-1]
        inside = _sizes(self.kind)[0] * size // _sizes(self.kind)[1]  # numbers in a stored row
        found = dequantised(parts["blocks"][begin // inside : -(-end // inside)], self.kind).flatten()
        return found[begin % inside :][: end - begin].reshape(-1, self.width)

    def scales_among(self, parts: Parts) -> Iterator[Tensor]:
        """Return the scales that stand in each block."""
        yield from _scales(parts["blocks"], self.kind)

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        return RowBlocks(self.kind, self.width, stop - start, self.first + start), parts


SCALES: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(
        ("Q4_0", "Q5_0", "Q8_0", "IQ4_NL", "IQ4_XS", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S"), (0, 2)
    ),
    "IQ1_S": (0, 2),
    **dict.fromkeys(("Q4_1", "Q5_1", "Q8_1", "Q4_K", "Q5_K"), (0, 4)),
    "Q2_K": (80, 84),
    "Q3_K": (108, 110),
    "Q6_K": (208, 210),
    "TQ1_0": (52, 54),
    "TQ2_0": (64, 66),
}
"""Which bytes of a block are its scales, float16 numbers, by type (ggml-common.h)."""


def _scales(blocks: Tensor, kind: str) -> Iterator[Tensor]:
    if kind in SCALES:
        first, last = SCALES[kind]
        yield blocks.reshape(-1, _sizes(kind)[1])[:, first:last].contiguous().view(torch.float16)


def dequantised(stored: Tensor, kind: str) -> Tensor:
    """Return rows of blocks (n, bytes) as numbers (n, K) in float32: by diffusers' functions, which compute where the
    bytes are, or by the package of the format for types that diffusers leaves out."""
    function = _functions().get(kind)
    numbers, size = _sizes(kind)
    if function is None:
        from gguf.quants import dequantize

        return torch.from_numpy(dequantize(stored.cpu().numpy(), _types()[kind])).to(stored.device)
    blocks = stored.reshape(-1, size)
    return function(blocks, numbers, size, torch.float32).reshape(len(stored), -1)


@cache
def _functions() -> dict[str, Any]:
    """By diffusers, in the precision that they are asked for."""
    from diffusers.quantizers.gguf.utils import dequantize_functions

    return {kind.name: function for kind, function in dequantize_functions.items()}


@cache
def _types() -> dict[str, Any]:
    from gguf import GGMLQuantizationType

    return {kind.name: kind for kind in GGMLQuantizationType}


def _sizes(kind: str) -> tuple[int, int]:
    """Numbers in a block, and bytes."""
    from gguf import GGML_QUANT_SIZES

    numbers, size = GGML_QUANT_SIZES[_types()[kind]]
    return numbers, size


def weights_of_gguf(path: Path) -> dict[str, Weight]:
    """Return all weights of a file; those in blocks stay as they are. Raises NodeError for a damaged file."""
    reader = _reader(path)
    fields = {name: field for name, field in reader.fields.items() if name.startswith(TRUE_SHAPE)}
    found: dict[str, Weight] = {}
    for stored in reader.tensors:
        shape = tuple(int(side) for side in reversed(stored.shape))
        field = fields.get(TRUE_SHAPE + stored.name)
        true = _told_shape(field.contents()) if field is not None else shape
        if prod(true) != prod(shape):
            raise NodeError(f"{named(path)}: {stored.name} is said to have another shape than its numbers")
        try:
            found[stored.name] = _weight(stored, true)
        except (KeyError, ValueError, NotImplementedError):
            raise NodeError(
                f"{named(path)}: {stored.name} is of the type {stored.tensor_type.name}, which is not read here"
            ) from None
    return found


def _told_shape(sides: Any) -> tuple[int, ...]:
    """The shape that the header says a tensor had; empty where that is none."""
    given = list(sides) if isinstance(sides, (list, tuple)) else []
    return tuple(map(int, given)) if all(isinstance(one, (int, float)) and one > 0 for one in given) else ()


def _weight(stored: Any, shape: tuple[int, ...]) -> Weight:
    kind = stored.tensor_type.name
    raw = torch.from_numpy(stored.data)
    if kind in PLAIN:
        return _in_front(stored.name, raw.contiguous().view(PLAIN[kind]).reshape(shape))
    numbers, size = _sizes(kind)
    dequantised(raw.reshape(-1, size)[:1], kind)  # raises for a type that nobody reads
    height = shape[0] if len(shape) > 1 else 1
    width = prod(shape) // height
    codec: Codec = Blocks(kind) if width % numbers == 0 else RowBlocks(kind, width, height)
    blocks = raw.reshape(height, -1) if width % numbers == 0 else raw.reshape(-1, raw.shape[-1])
    encoded = EncodedTensor.of(EncodedMatrix(codec, {"blocks": blocks}, height, width), shape)
    return encoded.widened() if len(shape) < 2 else encoded


def _in_front(name: str, weight: Tensor) -> Tensor:
    return weight[None] if name.endswith(ONE_IN_FRONT) and weight.ndim == 2 else weight


def fields_of_gguf(path: Path, prefix: str) -> dict[str, Any]:
    """Return what a file's header says under keys that begin so. Raises NodeError for a damaged file."""
    return {name: field.contents() for name, field in _reader(path).fields.items() if name.startswith(prefix)}


def _reader(path: Path) -> Any:
    """The file, mapped; what is changed of it in memory would not be written."""
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path, "c")
    except MemoryError:
        raise
    except Exception:  # of half a dozen kinds, by where the file is cut or wrong
        raise damaged(path) from None
    if reader.byte_order == SWAPPED:
        raise NodeError(f"{named(path)} is for machines whose bytes stand the other way round; convert it anew")
    return reader
