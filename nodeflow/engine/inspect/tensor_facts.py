"""Facts about a value's tensors: exact numbers, by reductions on the device where a tensor lies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from nodeflow.engine.cache.value_parts import named_leaves
from nodeflow.views import Histogram, TensorFacts

CHUNK = 2**22
"""Values that are looked at together: what a copy in float64 may hold."""
BINS = 64


def named_tensors(value: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors in a value with their names: ``samples``, ``x[3]``. Networks are left out."""
    for way, part in named_leaves(value):
        if isinstance(part, Tensor):
            yield way.removeprefix(".") or "tensor", part


def facts(name: str, tensor: Tensor) -> TensorFacts:
    """Return what is true of a tensor; of complex numbers, what is true of their absolute values."""
    flat = tensor.detach().reshape(-1)
    chunks = [flat[at : at + CHUNK] for at in range(0, len(flat), CHUNK)]
    nan = infinite = count = 0
    total, low, high = 0.0, math.inf, -math.inf
    for chunk in map(_double, chunks):
        finite = chunk[torch.isfinite(chunk)]
        missing = int(torch.isnan(chunk).sum())
        nan += missing
        infinite += len(chunk) - len(finite) - missing
        if len(finite):
            count += len(finite)
            total += float(finite.sum())
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    mean = total / count if count else 0.0
    low, high = (low, high) if count else (0.0, 0.0)
    squares, counts = 0.0, torch.zeros(BINS, dtype=torch.float64)
    for chunk in map(_double, chunks):
        finite = chunk[torch.isfinite(chunk)]
        squares += float(((finite - mean) ** 2).sum())
        counts += _histogram(finite, low, high)
    deviation = math.sqrt(squares / count) if count else 0.0
    return TensorFacts(
        name,
        tuple(tensor.shape),
        str(tensor.dtype).removeprefix("torch."),
        str(tensor.device),
        tensor.numel() * tensor.element_size(),
        low,
        high,
        mean,
        deviation,
        nan,
        infinite,
        Histogram(low, high, tuple(int(number) for number in counts.tolist())),
    )


def _double(chunk: Tensor) -> Tensor:
    return (chunk.abs() if chunk.is_complex() else chunk).to(torch.float64)


def _histogram(finite: Tensor, low: float, high: float) -> Tensor:
    if low == high:  # nothing to part; histc would choose bounds of its own
        counts = torch.zeros(BINS, dtype=torch.float64)
        counts[0] = len(finite)
        return counts
    return torch.histc(finite, BINS, low, high).cpu()
