"""Kinds of devices beside the processor, as torch knows them: whether one is there, and how much memory it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch


class CardMemory(NamedTuple):
    """Bytes of a device: those that this process may have now, what it holds already included, and all."""

    usable: int
    total: int


class Accelerator(NamedTuple):
    """A kind of device: whether one is there, its memory, the half precision that it is made for, and the bytes that
    nothing holds."""

    there: Callable[[], bool]
    memory: Callable[[], CardMemory]
    name: Callable[[], str]
    half: str = "float16"
    free: Callable[[], int] = lambda: 0


def _counted(module: Any) -> CardMemory:
    free, total = module.mem_get_info()
    return CardMemory(int(free + module.memory_reserved()), int(total))


def _free(module: Any) -> int:
    """What no program holds, and what ours has taken from the driver without use."""
    return int(module.mem_get_info()[0] + module.memory_reserved() - module.memory_allocated())


def _shared() -> CardMemory:
    """Of Apple's chips, whose memory is the host's: as much of it as Metal recommends."""
    most = int(torch.mps.recommended_max_memory())
    return CardMemory(most, most)


ACCELERATORS: Mapping[str, Accelerator] = {
    "cuda": Accelerator(
        torch.cuda.is_available,
        lambda: _counted(torch.cuda),
        lambda: str(torch.cuda.get_device_name(0)),
        free=lambda: _free(torch.cuda),
    ),
    "xpu": Accelerator(
        torch.xpu.is_available,
        lambda: _counted(torch.xpu),
        lambda: str(torch.xpu.get_device_name(0)),
        free=lambda: _free(torch.xpu),
    ),
    "mps": Accelerator(
        torch.backends.mps.is_available,
        _shared,
        lambda: "Apple GPU",
        free=lambda: _shared().total - int(torch.mps.current_allocated_memory()),
    ),
}
"""By what torch calls them, the first that is there before the others."""


def module_of(device: str) -> Any:
    """Return torch's module for a kind of device."""
    return getattr(torch, device)
