"""A weight in the bytes of its file, and what converters of names do with it: split, joined and sliced by rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Protocol

import torch
from torch import Tensor

Rows = slice | Tensor
"""Which rows: a range, or their numbers in any order (a look-up)."""
Parts = Mapping[str, Tensor]
"""The tensors that one weight is stored in, by what they are: codes, scale, ..."""


class Codec(Protocol):
    """Hold how the numbers of a weight are stored in its parts."""

    def rows(self, parts: Parts, index: Rows) -> Tensor:
        """Return these rows (n, K) in float32."""
        ...

    def narrow(self, parts: Parts, start: int, stop: int) -> tuple[Codec, Parts]:
        """Return the same for a range of rows alone."""
        ...


@dataclass(frozen=True, eq=False)
class EncodedMatrix:
    """Some rows of a weight as they are stored; ``padded``: rows and columns were rounded up to multiples of it."""

    codec: Codec
    parts: Parts
    height: int
    width: int
    padded: int = 1

    def rows(self, index: Rows = slice(None)) -> Tensor:
        """Return rows (n, K) in float32."""
        return self.codec.rows(self.parts, index)[:, : self.width]

    def narrow(self, start: int, stop: int) -> EncodedMatrix:
        """Return a range of the rows, which shares their bytes."""
        if (start, stop) == (0, self.height):
            return self
        codec, parts = self.codec.narrow(self.parts, start, stop)
        return replace(self, codec=codec, parts=parts, height=stop - start)


@dataclass(frozen=True, eq=False)
class EncodedTensor:
    """A weight that stays encoded: matrices one below the other, seen in a shape whose first axis is their rows.

    It stands among tensors where weights are renamed: taking rows apart and joining them keeps the bytes as they are,
    whatever else is asked of it is done on its numbers.
    """

    pieces: tuple[EncodedMatrix, ...]
    shape: torch.Size
    dtype: torch.dtype = field(default=torch.float32, init=False)

    @classmethod
    def of(cls, matrix: EncodedMatrix, shape: Sequence[int] = ()) -> EncodedTensor:
        """Return the weight of one matrix; ``shape`` where it is none itself."""
        return cls((matrix,), torch.Size(shape or (matrix.height, matrix.width)))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def padded(self) -> int:
        """To multiples of what its rows and columns were rounded up when it was stored."""
        return max(piece.padded for piece in self.pieces)

    def __len__(self) -> int:
        return self.shape[0]

    def numel(self) -> int:
        return prod(self.shape)

    def size(self, axis: int | None = None) -> Any:
        return self.shape if axis is None else self.shape[axis]

    def plain(self, dtype: torch.dtype) -> Tensor | None:
        """Return the weight as it is stored, where that is whole and in this precision."""
        parts = self.pieces[0].parts
        if len(self.pieces) > 1 or parts.keys() != {"codes"} or parts["codes"].dtype != dtype:
            return None
        return parts["codes"].reshape(self.shape)

    def widened(self) -> Tensor:
        """Return all numbers in float32."""
        return torch.cat([piece.rows() for piece in self.pieces]).reshape(self.shape)

    def narrow_rows(self, start: int, stop: int) -> EncodedTensor:
        """Return a range of rows."""
        found: list[EncodedMatrix] = []
        first = 0
        for piece in self.pieces:
            begin, end = max(start - first, 0), min(stop - first, piece.height)
            if begin < end:
                found.append(piece.narrow(begin, end))
            first += piece.height
        return EncodedTensor(tuple(found), torch.Size((stop - start, *self.shape[1:])))

    def cropped(self, shape: torch.Size) -> EncodedTensor:
        """Return it without the rows and columns that were added when it was stored, or as it is where it has none."""
        if self.ndim != 2 or len(shape) != 2 or self.padded == 1 or self.shape == shape:
            return self
        rounded = [-(-side // self.padded) * self.padded for side in shape]
        if list(self.shape) != rounded:
            return self
        rows = self.narrow_rows(0, shape[0])
        return EncodedTensor(tuple(replace(piece, width=shape[1]) for piece in rows.pieces), shape)

    def reshaped(self, shape: torch.Size) -> EncodedTensor:
        """Return it in a shape with the same rows."""
        return replace(self, shape=shape)

    def split(self, sizes: int | Sequence[int], dim: int = 0) -> tuple[Any, ...]:
        if dim != 0:
            return self.widened().split(sizes, dim)
        if isinstance(sizes, int):
            sizes = [min(sizes, len(self) - start) for start in range(0, len(self), sizes)]
        if sum(sizes) != len(self):  # as torch says it
            raise RuntimeError(f"split_with_sizes expects sizes that sum to {len(self)}, but got {list(sizes)}")
        ends = torch.tensor(sizes).cumsum(0).tolist()
        return tuple(self.narrow_rows(end - size, end) for size, end in zip(sizes, ends, strict=True))

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Any, ...]:
        if dim != 0:
            return self.widened().chunk(chunks, dim)
        return self.split(-(-len(self) // chunks))

    def clone(self) -> EncodedTensor:
        return self

    detach = contiguous = clone

    def __getitem__(self, index: Any) -> Any:
        first, *rest = index if isinstance(index, tuple) else (index,)
        whole = all(isinstance(one, slice) and one == slice(None) for one in rest)
        if isinstance(first, slice) and whole and first.step in (None, 1):
            start, stop, _ = first.indices(len(self))
            if start < stop:
                return self.narrow_rows(start, stop)
        return self.widened()[index]

    def __getattr__(self, name: str) -> Any:
        """Return what a tensor of its numbers has: transposed, permuted, ..."""
        if name.startswith("__") or not hasattr(Tensor, name):
            raise AttributeError(name)
        return getattr(self.widened(), name)

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Do what torch's functions do: by rows where these keep them, else on its numbers."""
        by_rows = BY_ROWS.get(function)
        if by_rows is not None and (found := by_rows(*args, **(kwargs or {}))) is not None:
            return found
        return function(*_widened(args), **(kwargs or {}))


def _widened(given: Any) -> Any:
    if isinstance(given, EncodedTensor):
        return given.widened()
    return type(given)(map(_widened, given)) if isinstance(given, (tuple, list)) else given


def _cat(tensors: Sequence[Any], dim: int = 0) -> EncodedTensor | None:
    """Return them one below the other, or None where they are not all encoded, or not joined by rows."""
    if dim != 0 or not all(isinstance(one, EncodedTensor) for one in tensors):
        return None
    shape = torch.Size((sum(map(len, tensors)), *tensors[0].shape[1:]))
    return EncodedTensor(tuple(piece for one in tensors for piece in one.pieces), shape)


BY_ROWS: Mapping[Callable[..., Any], Callable[..., Any]] = {
    torch.chunk: lambda tensor, chunks, dim=0: tensor.chunk(chunks, dim),
    torch.split: lambda tensor, sizes, dim=0: tensor.split(sizes, dim),
    torch.cat: _cat,
}
"""What converters do with whole rows."""


Weight = Tensor | EncodedTensor
"""One of a file."""


def same_numbers(one: Weight, other: Weight) -> bool:
    """Return whether two weights are stored in the same way, in the same numbers."""
    first, second = stored_tensors(one), stored_tensors(other)
    return (
        type(one) is type(other)
        and tuple(one.shape) == tuple(other.shape)
        and len(first) == len(second)
        and all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(first, second, strict=True))
    )


def stored_tensors(weight: object) -> list[Tensor]:
    """Return the tensors that a weight is stored in: itself, where it is plain; none for what is no weight."""
    if isinstance(weight, EncodedTensor):
        return [part for piece in weight.pieces for part in piece.parts.values()]
    return [weight] if isinstance(weight, Tensor) else []
