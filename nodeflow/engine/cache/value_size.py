"""What a value holds: its tensors, and the bytes of memory behind them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

Block = tuple[str, int]
"""A piece of memory: the class of its device (cpu, cuda), and where it begins."""

OVERHEAD = 256
"""Bytes counted for a thing that is held, beyond its tensors."""


def tensors(value: Any, *, modules: bool) -> Iterator[Tensor]:
    """The tensors in a value: in its fields, tuples, lists and dicts, and where asked in its networks too."""
    seen: set[int] = set()
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, Tensor):
            yield part
        elif isinstance(part, (str, bytes, int, float, type(None))) or id(part) in seen:
            continue
        else:
            seen.add(id(part))
            if isinstance(part, torch.nn.Module):
                if modules:
                    yield from part.parameters()
                    yield from part.buffers()
            elif isinstance(part, (tuple, list, set, frozenset)):
                todo.extend(part)
            elif isinstance(part, dict):
                todo.extend(part.values())
            elif dataclasses.is_dataclass(part) and not isinstance(part, type):
                todo.extend(getattr(part, field.name) for field in dataclasses.fields(part))
            elif isinstance(part, np.ndarray):
                yield torch.from_numpy(part) if part.flags.writeable else torch.empty(part.nbytes, dtype=torch.uint8)


def networks(values: Any) -> Iterator[torch.nn.Module]:
    """The networks in values, each once."""
    seen: set[int] = set()
    todo = [values]
    while todo:
        part = todo.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, torch.nn.Module):
            yield part
        elif isinstance(part, (tuple, list)):
            todo.extend(part)
        elif isinstance(part, dict):
            todo.extend(part.values())
        elif dataclasses.is_dataclass(part) and not isinstance(part, type):
            todo.extend(getattr(part, field.name) for field in dataclasses.fields(part))


def has_module(value: Any) -> bool:
    """Whether a value holds a network: it can be loaded again, and goes before results when memory is short."""
    if isinstance(value, torch.nn.Module):
        return True
    if isinstance(value, (tuple, list)):
        return any(map(has_module, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return any(has_module(getattr(value, field.name)) for field in dataclasses.fields(value))
    return False


def blocks(value: Any) -> dict[Block, int]:
    """The memory behind a value: bytes by block. What two values share is one block.

    Networks count against the host, wherever they lie just now: they are loaded to it and go back to it.
    """
    found: dict[Block, int] = {}
    for tensor in tensors(value, modules=False):
        storage = tensor.untyped_storage()
        found[tensor.device.type, storage.data_ptr()] = storage.nbytes()
    for network in networks(value):
        found |= {("cpu", id(weight)): weight.nbytes for weight in network.parameters()}
        found["cpu", id(network)] = sum(buffer.nbytes for buffer in network.buffers())
    return found


def versions(values: Any) -> list[tuple[Tensor, int]]:
    """The tensors in values and how often each was changed in place so far."""
    return [(tensor, tensor._version) for tensor in tensors(values, modules=False) if not tensor.is_inference()]


def changed(before: list[tuple[Tensor, int]]) -> bool:
    """Whether any of the tensors was changed in place since `versions` looked."""
    return any(tensor._version != version for tensor, version in before)


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
        """Whether more is held than there is room for."""
        return any(size > self.budget.get(device, 0) for device, size in self._counts.items())

    def settle(self) -> None:
        """What is held now is what is meant to be held: nothing comes or goes at the moment."""
        self.used = dict(self._counts)

    def _count(self, device: str, size: int) -> None:
        self._counts[device] = self._counts.get(device, 0) + size
