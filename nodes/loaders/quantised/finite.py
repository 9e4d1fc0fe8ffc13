"""Weights that hold no numbers, or infinite ones: told when they are loaded, by their name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from weakref import WeakSet

import psutil
import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.quantised.encoded import Codec, EncodedMatrix, EncodedTensor, Parts, Weight

BITS: Mapping[torch.dtype, int] = {
    torch.float8_e4m3fn: 0x7F,
    torch.float8_e5m2: 0x7C,
    torch.float8_e8m0fnu: 0xFF,
}
"""The least bits, but for the sign, of what is no number or infinite, by precisions that torch cannot ask for it."""
LARGEST: Mapping[torch.dtype, int] = {torch.float8_e4m3fn: 0x7E, torch.float8_e5m2: 0x7B}
"""The bits, but for the sign, of the largest number that there is: scaled ones go up to it, and no weight does."""
SIGN, SIZE = 0x80, 0x7F
"""Of a number of eight bits: what says its sign, and the rest."""
PLAIN = torch.float16, torch.bfloat16, torch.float32, torch.float64
"""Precisions of numbers that stand for themselves."""
AT_ONCE = 1 << 24
"""Numbers that are looked at together."""
SAMPLES, SAMPLE = 8, 1024
"""How many rows of larger weights are looked at, and the numbers in each."""


def check_finite(weights: Mapping[str, Weight]) -> None:
    """Raise NodeError, by its name, for a weight of a quantised file whose numbers or scales are not finite, for rows
    of numbers that a scale of zero would wipe out, for a scale below zero, and for numbers of eight bits that must have
    had a scale and have none."""
    for name, weight in weights.items():
        if not isinstance(weight, Tensor) and any(map(_is_wiped, weight.pieces)):
            raise NodeError(f"{name} has a scale of zero, by which its numbers would all be lost; take another file")
        if not isinstance(weight, Tensor) and any(map(_is_turned, weight.pieces)):
            raise NodeError(f"{name} has a scale below zero, which no writer gives one; take another file")
        bits = [(tensor.dtype, _bits(tensor)) for tensor in _numbers(weight) if tensor.dtype in BITS]
        others = (tensor for tensor in _numbers(weight) if tensor.dtype not in BITS)
        if any(most >= BITS[dtype] for dtype, most in bits) or not all(map(is_finite, others)):
            raise NodeError(
                f"{name} or its scale holds numbers that are none (NaN) or infinite; take another file of this model"
            )
        if _is_bare(weight) and any(most == LARGEST.get(dtype) for dtype, most in bits):
            raise lost_scale(name)


def has_lost_scale(weight: Tensor) -> bool:
    """Return whether numbers of a weight beside which nothing stands go up to the largest of eight bits."""
    return weight.dtype in LARGEST and _bits(weight) == LARGEST[weight.dtype]


def lost_scale(name: str) -> NodeError:
    """The error for a weight that must have had a scale."""
    return NodeError(
        f"{name} is in float8 and as large as such numbers can be, as scaled weights are, and the file has no scale of "
        "it; it was not saved whole"
    )


def _is_bare(weight: Weight) -> bool:
    """Return whether nothing stands beside the numbers of a weight."""
    return not isinstance(weight, Tensor) and all(piece.parts.keys() == {"codes"} for piece in weight.pieces)


def _is_wiped(piece: EncodedMatrix) -> bool:
    """Return whether a scale of all numbers or of a row is zero, and the numbers are not."""
    scale, codes = piece.parts.get("scale"), piece.parts.get("codes")
    if scale is None or codes is None or scale.numel() not in (1, piece.height) or bool(scale.all()):
        return False
    stored = codes.view(torch.uint8) & SIZE if codes.dtype in BITS else codes
    return bool((stored if scale.numel() == 1 else stored[scale.flatten() == 0]).any())


def _is_turned(piece: EncodedMatrix) -> bool:
    """Return whether a scale of all numbers or of rows turns their signs."""
    scale = piece.parts.get("scale")
    return scale is not None and scale.numel() in (1, piece.height) and bool((scale.float() < 0).any())


def _numbers(weight: Weight) -> Iterator[Tensor]:
    if isinstance(weight, Tensor):
        yield weight
        return
    for piece in weight.pieces:
        yield from piece.parts.values()
        yield from _scales_among(piece.codec, piece.parts)


def _scales_among(codec: Codec, parts: Parts) -> Iterator[Tensor]:
    """Scales that stand among the codes, where only their codec knows them."""
    inner = getattr(codec, "inner", None)
    if inner is not None:
        yield from _scales_among(inner, parts)
    among = getattr(codec, "scales_among", None)
    if among is not None:
        yield from among(parts)


def is_finite(tensor: Tensor) -> bool:
    """Return whether all numbers are finite."""
    flat = tensor.reshape(-1)
    if tensor.dtype in BITS:
        return _bits(tensor) < BITS[tensor.dtype]
    if not tensor.is_floating_point():
        return True
    return all(_sums(part) or bool(part.isfinite().all()) for part in flat.split(AT_ONCE))


def _bits(tensor: Tensor) -> int:
    """The largest bits of numbers of eight bits but for their signs; 0 where there are none."""
    flat = tensor.reshape(-1)
    most = int(flat.view(torch.uint8).max()) if flat.numel() else 0
    if BITS[tensor.dtype] > SIGN or most < SIGN:
        return most
    return max(most - SIGN, int(flat.view(torch.int8).max()))  # of the negative, and of the others


def _sums(part: Tensor) -> bool:
    """Return whether numbers have a finite sum: then all of them are, and no more is to be looked at."""
    return math.isfinite(float(part.sum()))


_FINITE: WeakSet[torch.nn.Module] = WeakSet()
"""Networks that were looked at."""


def check_module(module: torch.nn.Module, shown: str = "", own: Callable[[str], str] = str) -> None:
    """Raise NodeError, by its name, for a weight of a network that holds numbers that are none, or infinite ones;
    ``shown`` names the file or folder that it is of, ``own`` a weight as that does. A network that was looked at whole
    is not looked at again.

    All numbers are looked at, which takes about 0.4 s of a processor for 10^9, the smallest weights first. Once those
    that stay mapped would not all fit into the memory that is free, of larger ones some rows are, since their bytes
    would be read from the disk twice. What a few numbers in these do is told by the step that they spoil.
    """
    if module in _FINITE:
        return
    left = psutil.virtual_memory().available
    for name, weight in sorted((*module.named_parameters(), *_kept_buffers(module)), key=lambda pair: pair[1].nbytes):
        plain = type(weight) in (torch.nn.Parameter, Tensor)
        if not plain or weight.device.type != "cpu" or not weight.is_floating_point():
            continue  # packages that quantise have kinds of weights of their own, which are no numbers yet
        flat = weight.detach().reshape(-1) if weight.is_contiguous() else weight.detach().flatten()
        left -= flat.nbytes
        if not (is_finite(flat) if left >= 0 else all(map(is_finite, _some(flat)))):
            told = f"{own(name)} holds numbers that are none (NaN) or infinite; take another file of this model"
            raise NodeError(f"{shown}: its weight {told}" if shown else f"its weight {told}")
    if left >= 0:
        _FINITE.add(module)


def _kept_buffers(module: torch.nn.Module) -> Iterator[tuple[str, Tensor]]:
    """What files hold of a network besides its weights, such as the means that it has seen."""
    kept = {name: one for name, one in module.named_buffers() if one.dtype in PLAIN}
    if kept:
        yield from ((name, kept[name]) for name in module.state_dict().keys() & kept.keys())


def _some(flat: Tensor) -> Iterator[Tensor]:
    for number in range(SAMPLES):
        start = (flat.numel() - SAMPLE) * number // (SAMPLES - 1)
        yield flat[max(start, 0) : start + SAMPLE]


def is_quantised(weights: Mapping[str, Weight]) -> bool:
    """Return whether a file is quantised, so that what it holds is to be looked at."""
    return any(isinstance(weight, EncodedTensor) for weight in weights.values())
