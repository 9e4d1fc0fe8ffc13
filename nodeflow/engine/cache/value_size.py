"""Size of a value: its tensors and networks, and the bytes of memory behind them."""

from __future__ import annotations

import array
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nodeflow.engine.cache.value_parts import SHORT, leaves

Block = tuple[str, int]
"""A piece of memory: the class of its device (cpu, cuda), and where it begins."""

OVERHEAD = 256
"""Bytes counted for a thing that is held, beyond its tensors."""


def networks(values: Any) -> Iterator[torch.nn.Module]:
    """The networks in values, each once."""
    return (part for part in leaves(values) if isinstance(part, torch.nn.Module))


def has_module(value: Any) -> bool:
    """Return whether a value holds a network: it can be loaded again, and every run wants it."""
    return any(isinstance(part, torch.nn.Module) for part in leaves(value, deep=True))


def blocks(value: Any) -> dict[Block, int]:
    """The memory behind a value of any nesting: bytes by block. What two values share is one block.

    Networks count against the host, wherever they lie just now: they are loaded to it and go back to it.
    """
    found: dict[Block, int] = {}
    for part in leaves(value, deep=True):
        if isinstance(part, Tensor):
            for tensor in _dense(part):
                storage = tensor.untyped_storage()
                found[tensor.device.type, storage.data_ptr()] = storage.nbytes()
        elif isinstance(part, torch.nn.Module):
            found |= {("cpu", id(weight)): weight.nbytes for weight in part.parameters()}
            found["cpu", id(part)] = sum(buffer.nbytes for buffer in part.buffers())
        elif isinstance(part, np.ndarray):
            whole = _owner(part)
            found["cpu", whole.__array_interface__["data"][0]] = whole.nbytes
        elif isinstance(part, (str, bytes, bytearray)) and len(part) >= SHORT:
            found["cpu", id(part)] = sys.getsizeof(part)
        elif isinstance(part, (memoryview, array.array)):
            found["cpu", id(part)] = memoryview(part).nbytes
    return found


def versions(values: Any) -> list[tuple[Tensor, int]]:
    """The tensors in values and how often each was changed in place so far."""
    found = (part for part in leaves(values) if isinstance(part, Tensor))
    return [(tensor, tensor._version) for tensor in found if not tensor.is_inference()]


def changed(before: list[tuple[Tensor, int]]) -> bool:
    """Return whether any of the tensors was changed in place since `versions` looked."""
    return any(tensor._version != version for tensor, version in before)


def _dense(tensor: Tensor) -> Iterator[Tensor]:
    """The tensors with memory of their own that one is made of: a sparse or a wrapped one has several."""
    if hasattr(tensor, "__tensor_flatten__"):
        names, _ = tensor.__tensor_flatten__()
        for name in names:
            yield from _dense(getattr(tensor, name))
    elif tensor.layout == torch.sparse_coo:
        yield from (tensor._indices(), tensor._values())
    elif tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        yield from (tensor.crow_indices(), tensor.col_indices(), tensor.values())
    elif tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
        yield from (tensor.ccol_indices(), tensor.row_indices(), tensor.values())
    elif tensor.layout == torch.strided:
        yield tensor


def _owner(view: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array whose memory another one shows."""
    while isinstance(view.base, np.ndarray):
        view = view.base
    return view


class MemoryLedger:
    """Counts the bytes that are held, by device class, against a budget; what several things share counts once."""

    def __init__(self, budget: dict[str, int]) -> None:
        """``budget``: bytes by device class (``cpu``, ``cuda``); a class that is not named holds nothing."""
        self.budget = budget
        self.used: dict[str, int] = {}
        """Bytes by device class when it was last settled; other threads may look at any moment."""
        self._counts: dict[str, int] = {}
        self._holders: dict[Block, int] = {}

    def add(self, held: dict[Block, int]) -> None:
        """Something more is held."""
        self._count("cpu", OVERHEAD)
        for block, size in held.items():
            self._holders[block] = self._holders.get(block, 0) + 1
            if self._holders[block] == 1:
                self._count(block[0], size)

    def remove(self, held: dict[Block, int]) -> None:
        """Something that was added is no longer held."""
        self._count("cpu", -OVERHEAD)
        for block, size in held.items():
            self._holders[block] -= 1
            if not self._holders[block]:
                del self._holders[block]
                self._count(block[0], -size)

    def is_over(self) -> bool:
        """Return whether more is held than there is room for."""
        return any(size > self.budget.get(device, 0) for device, size in self._counts.items())

    def settle(self) -> None:
        """What is held now is what is meant to be held: nothing comes or goes at the moment."""
        self.used = dict(self._counts)

    def _count(self, device: str, size: int) -> None:
        self._counts[device] = self._counts.get(device, 0) + size
