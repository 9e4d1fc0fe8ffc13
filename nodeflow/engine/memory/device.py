"""The device of a run: its number format, its memory, and the versions that matter."""

from __future__ import annotations

import importlib.metadata
import platform

import psutil
import torch

PACKAGES = ("nodeflow", "torch", "diffusers", "transformers")

HEADROOM = 20
"""One in so many bytes of a GPU is left alone, and at least"""
MIN_HEADROOM = 512 * 2**20
"""so many."""


def choose(wanted: str) -> tuple[str, str]:
    """Device and dtype for ``auto``, ``cpu`` or ``cuda``. Half precision where the device is made for it.

    Raises ValueError with a sentence where the device is not there.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise ValueError(f"{wanted!r} is no device; choose auto, cpu or cuda")
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise ValueError("there is no CUDA device here; choose --device cpu, or auto")
    return ("cpu", "float32") if wanted == "cpu" or not there else ("cuda", "float16")


def budget(host: int | None = None) -> dict[str, int]:
    """Bytes that cached results may hold, by device class: ``host`` or a third of its memory; half of the GPU's."""
    if host == 0:
        return {}
    budget = {"cpu": _host_memory() // 3 if host is None else host}
    if torch.cuda.is_available():
        budget["cuda"] = torch.cuda.get_device_properties(0).total_memory // 2
    return budget


def room(device: str) -> int | None:
    """Bytes that we may use on a device now: what is free, and what we hold. None for the host, which moves by itself.

    Some is left for the driver, for other programs, and for what splits memory into pieces.
    """
    if device == "cpu":
        return None
    free, total = torch.cuda.mem_get_info()
    return int(free + torch.cuda.memory_reserved() - max(total // HEADROOM, MIN_HEADROOM))


def host_free() -> int:
    """Bytes of the host's memory that are free."""
    return int(psutil.virtual_memory().available)


def _host_memory() -> int:
    return int(psutil.virtual_memory().total)


def describe(device: str) -> str:
    """The device in words."""
    if device == "cuda":
        return str(torch.cuda.get_device_name(0))
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads != 1 else ''}"


def environment(wanted: str) -> dict[str, str]:
    """Return what a run on a device computes with: versions, the device and its name, the dtype. Raises as `choose`."""
    device, dtype = choose(wanted)
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
