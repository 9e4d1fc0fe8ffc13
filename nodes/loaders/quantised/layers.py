"""Layers of networks whose weights stay as their file has them, and are widened when they compute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nodes.loaders.quantised.encoded import EncodedMatrix, EncodedTensor, Rows, Weight
from nodes.loaders.quantised.rotation import Rotated, rotated

AT_ONCE = {"cpu": 1 << 20}
"""Numbers that are widened at once, by device: what a core's caches hold."""
AT_ONCE_ELSEWHERE = 1 << 26


class StoredWeight(nn.Module):
    """The bytes of one weight as buffers, so that they go where their network goes, and no cast changes them."""

    def __init__(self, encoded: EncodedTensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.shape, self.dtype = encoded.shape, dtype
        self.pieces = tuple(encoded.pieces)
        self._layout = [
            {name: (part.dtype, part.shape) for name, part in piece.parts.items()} for piece in encoded.pieces
        ]
        for number, piece in enumerate(encoded.pieces):
            for name, part in piece.parts.items():
                self.register_buffer(f"{name}_{number}", part.reshape(-1).view(torch.uint8))
        self.pieces = tuple(_without_parts(piece) for piece in encoded.pieces)

    @property
    def device(self) -> torch.device:
        return next(self.buffers()).device

    def rows(self, index: Rows) -> Tensor:
        """Return rows (n, K) in float32."""
        if len(self.pieces) == 1:
            return self._piece(0).rows(index)
        if isinstance(index, Tensor):
            return self._encoded().widened().flatten(1)[index]
        start, stop, _ = index.indices(self.shape[0])
        return torch.cat([one.rows() for one in self._encoded().narrow_rows(start, stop).pieces])

    def widened(self) -> Tensor:
        """Return the whole weight, rounded once."""
        return self._encoded().widened().to(self.dtype)

    def blocks(self) -> Iterator[tuple[int, int, EncodedMatrix]]:
        """Return the weight by ranges of rows: as many as are fast to widen, and small beside the network."""
        first = 0
        for number in range(len(self.pieces)):
            piece = self._piece(number)
            step = max(AT_ONCE.get(self.device.type, AT_ONCE_ELSEWHERE) // piece.width, 1)
            for start in range(0, piece.height, step):
                stop = min(start + step, piece.height)
                yield first + start, first + stop, piece.narrow(start, stop)
            first += piece.height

    def product(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """Return x Wᵀ + b, widening some rows of W at once."""
        output = x.new_empty(*x.shape[:-1], self.shape[0])
        turn = TurnedInput(x)
        for start, stop, block in self.blocks():
            turned, rows = turn.beside(block, self.shape[0])
            part = None if bias is None else bias[start:stop].to(x.dtype)
            output[..., start:stop] = functional.linear(turned, rows.to(x.dtype), part)
        return output

    def product_back(self, gradient: Tensor) -> Tensor:
        """Return what `product` passes back to x."""
        found = gradient.new_zeros(*gradient.shape[:-1], self.shape[1])
        for start, stop, block in self.blocks():
            found += gradient[..., start:stop] @ block.rows().to(gradient.dtype)
        return found

    def _encoded(self) -> EncodedTensor:
        return EncodedTensor(tuple(map(self._piece, range(len(self.pieces)))), self.shape)

    def _piece(self, number: int) -> EncodedMatrix:
        parts = {
            name: self.get_buffer(f"{name}_{number}").view(dtype).reshape(shape)
            for name, (dtype, shape) in self._layout[number].items()
        }
        bare = self.pieces[number]
        return EncodedMatrix(bare.codec, parts, bare.height, bare.width, bare.padded)


def _without_parts(piece: EncodedMatrix) -> EncodedMatrix:
    return EncodedMatrix(piece.codec, {}, piece.height, piece.width, piece.padded)


class TurnedInput:
    """The input of a product, rotated where a weight is stored rotated: (W H) x = W (H x), and x is the smaller."""

    def __init__(self, x: Tensor) -> None:
        self.x = x
        self._turned: dict[int, Tensor] = {}

    def beside(self, block: EncodedMatrix, height: int) -> tuple[Tensor, Tensor]:
        """Return an input, and rows (n, K) whose product with it is that of x with the block's."""
        codec = block.codec
        if not isinstance(codec, Rotated) or self.x.numel() >= height * self.x.shape[-1]:
            return self.x, block.rows()
        if codec.side not in self._turned:
            self._turned[codec.side] = rotated(self.x.float(), codec.side).to(self.x.dtype)
        return self._turned[codec.side], codec.inner.rows(block.parts, slice(None))


class _Product(torch.autograd.Function):
    """x Wᵀ + b, which widens W again where a gradient to x is asked for, instead of keeping it."""

    @staticmethod
    def forward(context: Any, x: Tensor, bias: Tensor | None, stored: StoredWeight) -> Tensor:
        context.stored = stored
        return stored.product(x, bias)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return context.stored.product_back(gradients[0]), None, None


class _Linear:
    """`nn.Linear` by blocks of rows."""

    stored: StoredWeight
    bias: Tensor | None

    def forward(self, input: Tensor) -> Tensor:
        found: Tensor = _Product.apply(input, self.bias, self.stored)
        return found


class _Embedding:
    """`nn.Embedding` that widens the rows which are looked up."""

    stored: StoredWeight

    def forward(self, input: Tensor) -> Tensor:
        numbers, places = input.flatten().unique(return_inverse=True)
        return self.stored.rows(numbers).to(self.stored.dtype)[places].reshape(*input.shape, -1)


BY_ROWS: Mapping[type[nn.Module], type] = {nn.Linear: _Linear, nn.Embedding: _Embedding}
"""How layers compute that need not widen the whole weight at once."""


def _weight(layer: Any) -> Tensor:
    """Return what everyone else asks for: the numbers."""
    found: Tensor = layer.stored.widened()
    return found


@cache
def _stored_class(kind: Any) -> Any:
    """The class of layers of a kind whose weight is stored: the same, with a weight that is widened when asked for."""
    above = next((by_rows for plain, by_rows in BY_ROWS.items() if kind.forward is plain.forward), None)
    bases = (kind,) if above is None else (above, kind)
    return type(f"Stored{kind.__name__}", bases, {"weight": property(_weight)})


LAYERS = nn.Linear, nn.Embedding, nn.Conv1d, nn.Conv2d, nn.Conv3d
"""Kinds whose weights are large; those of others are widened when they are loaded."""


def fitted(network: nn.Module, weights: Mapping[str, Weight], dtype: torch.dtype) -> dict[str, Weight]:
    """Return weights in the shapes that a network has for them, where a file differs by what does not matter: rows and
    columns that were added up to whole blocks, and first axes of one that were left out. Those that are stored in the
    precision they are wanted in are plain."""
    wanted = network.state_dict()
    return {
        name: _fitted(value, wanted[name].shape, dtype) if name in wanted else value for name, value in weights.items()
    }


def _fitted(value: Weight, shape: torch.Size, dtype: torch.dtype) -> Weight:
    if isinstance(value, EncodedTensor):
        plain = value.plain(dtype)
        value = value.cropped(shape) if plain is None else plain
    added = len(shape) - value.ndim
    if added > 0 and shape == (1,) * added + tuple(value.shape):
        return (value.widened() if isinstance(value, EncodedTensor) else value).reshape(shape)
    return value


def placeholder(weight: Weight, dtype: torch.dtype) -> Tensor:
    """Return what stands for a weight until `store`: itself in a precision, or nothing but its shape."""
    if isinstance(weight, EncodedTensor):
        return torch.empty(weight.shape, dtype=dtype, device="meta")
    return in_precision(weight, dtype)


HALVES = {torch.float16, torch.bfloat16}
IN_CACHE = 1 << 18
"""Numbers that are converted at once."""


def in_precision(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """Return a tensor in a precision. torch converts between the two of 16 bits number by number; by way of float32, in
    parts that a cache holds, the same comes out in half of the time."""
    if weight.dtype == dtype or {weight.dtype, dtype} != HALVES or not weight.is_contiguous() or weight.is_cuda:
        return weight.to(dtype)
    found = torch.empty_like(weight, dtype=dtype)
    for part, place in zip(weight.view(-1).split(IN_CACHE), found.view(-1).split(IN_CACHE), strict=True):
        place.copy_(part.float())
    return found


def store(network: nn.Module, weights: Mapping[str, Weight], dtype: torch.dtype) -> None:
    """Give a network the encoded ones of its weights; layers widen them, in a precision, whenever they compute."""
    known = network.state_dict().keys()
    for name, encoded in weights.items():
        if name in known and isinstance(encoded, EncodedTensor):
            place, _, parameter = name.rpartition(".")
            _store(network.get_submodule(place), parameter, encoded, dtype)


def _store(layer: Any, parameter: str, encoded: EncodedTensor, dtype: torch.dtype) -> None:
    if parameter == "weight" and _is_large(layer):
        del layer._parameters["weight"]
        layer.add_module("stored", StoredWeight(encoded, dtype))
        kind: Any = type(layer)
        layer.__class__ = _stored_class(kind)
    elif parameter in layer._parameters:
        layer._parameters[parameter] = nn.Parameter(encoded.widened().to(dtype), requires_grad=False)
    else:
        layer._buffers[parameter] = encoded.widened().to(dtype)


def _is_large(layer: nn.Module) -> bool:
    return isinstance(layer, LAYERS)


def is_stored(layer: nn.Module) -> bool:
    """Return whether a layer's weight is kept as its file has it."""
    return isinstance(getattr(layer, "stored", None), StoredWeight)
