"""The device of a run: its number format, its memory, and the versions that matter."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
from collections.abc import Iterable, Mapping

import psutil
import torch

from nodeflow.engine.memory.accelerators import ACCELERATORS, Accelerator
from nodeflow.engine.protocol.messages import DeviceInfo
from nodeflow.engine.protocol.run_request import PrecisionRule

HOST = "cpu"
PACKAGES = ("nodeflow", "torch", "diffusers", "transformers")

HEADROOM = 20
"""One in so many bytes of a GPU is left alone, and at least"""
MIN_HEADROOM = 512 * 2**20
"""so many."""


def choose(
    wanted: str, kinds: Mapping[str, Accelerator] = ACCELERATORS, precision: PrecisionRule = "exact"
) -> tuple[str, str]:
    """Device and dtype for ``auto``, ``cpu`` or a kind of accelerator. Half precision where the device is made for it.

    On the processor full precision; where ``precision`` is fast, bfloat16 if it computes in that.

    Raises ValueError with a sentence where the device is not there.
    """
    if wanted not in ("auto", HOST, *kinds):
        raise ValueError(f"{wanted!r} is no device; choose auto, cpu, {', '.join(kinds)}")
    there = [name for name, kind in kinds.items() if wanted in (name, "auto") and kind.there()]
    if there:
        return there[0], kinds[there[0]].half
    if wanted not in ("auto", HOST):
        raise ValueError(f"there is no {wanted.upper()} device here; choose --device cpu, or auto")
    return HOST, "bfloat16" if precision == "fast" and host_has_bfloat16() else "float32"


@functools.cache
def host_has_bfloat16() -> bool:
    """Return whether the processor computes in bfloat16 without imitating it."""
    if hasattr(torch.cpu, "get_capabilities"):
        return any(there for name, there in torch.cpu.get_capabilities().items() if "bf16" in name)
    return bool(torch.cpu._is_avx512_bf16_supported())  # torch 2.9


def budget(
    host: int | None = None, spare: int = 0, kinds: Mapping[str, Accelerator] = ACCELERATORS, workers: int = 1
) -> dict[str, int]:
    """Bytes that cached results may hold, by device class: ``host`` or a third of its memory; half of the GPU's,
    without the ``spare`` bytes that are left to others. That of the host is shared by so many workers."""
    if host == 0:
        return {}
    found = {HOST: (_host_memory() // 3 if host is None else host) // workers}
    name, _ = choose("auto", kinds)
    if name != HOST:
        found[name] = max(kinds[name].memory().total - spare, 0) // 2
    return found


def room(device: str, spare: int = 0, kinds: Mapping[str, Accelerator] = ACCELERATORS) -> int | None:
    """Bytes that we may use on a device now: what is free, and what we hold. None for the host, which moves by itself.

    Some is left for the driver, for other programs, and for what splits memory into pieces; ``spare`` bytes where that
    is more.
    """
    if device == HOST:
        return None
    usable, total = kinds[device].memory()
    return max(usable - max(total // HEADROOM, MIN_HEADROOM, spare), 0)


def host_free() -> int:
    """Bytes of the host's memory that are free."""
    return int(psutil.virtual_memory().available)


def free(classes: Iterable[str], kinds: Mapping[str, Accelerator] = ACCELERATORS) -> dict[str, int]:
    """Bytes of memory that are free now, by device class."""
    return {name: host_free() if name == HOST else kinds[name].free() for name in classes}


def offered(kinds: Mapping[str, Accelerator] = ACCELERATORS) -> dict[str, DeviceInfo]:
    """What each device that a run may ask for is, and computes in."""
    rules: tuple[PrecisionRule, ...] = ("exact", "fast")
    asked = ["auto", HOST, *(name for name, kind in kinds.items() if kind.there())]
    found = {}
    for wanted in asked:
        dtypes = {str(rule): choose(wanted, kinds, rule)[1] for rule in rules}
        kind = choose(wanted, kinds)[0]
        found[wanted] = DeviceInfo(describe(kind, kinds), kind, dtypes)
    return found


def _host_memory() -> int:
    return int(psutil.virtual_memory().total)


def describe(device: str, kinds: Mapping[str, Accelerator] = ACCELERATORS) -> str:
    """The device in words."""
    if device in kinds:
        return kinds[device].name()
    threads = torch.get_num_threads()
    return f"CPU, {threads} threads" if threads != 1 else "CPU, 1 thread"


def environment(device: str, dtype: str) -> dict[str, str]:
    """Return what a run on a device computes with: versions, the device and its name, the dtype."""
    return {**versions(), "device": device, "device_name": describe(device), "dtype": dtype}


def numerics() -> str:
    """The versions that may change a result's last digits: results of others are not taken from disk."""
    return " ".join(f"{name} {version}" for name, version in versions().items() if name != "python")


def versions() -> dict[str, str]:
    """Versions of what results depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
