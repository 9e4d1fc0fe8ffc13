"""Facts about this machine and its engine, as ComfyUI's interface tells them (``/system_stats``)."""

from __future__ import annotations

import platform
import sys
from typing import Any

import psutil

from nodeflow import __version__
from nodeflow.engine.protocol.messages import Heartbeat, Reply, Usage, WorkerReady

COMFYUI = "0.26.0"
"""The version whose interface is kept to."""


class Machine:
    """Hears what the engine says of itself."""

    def __init__(self) -> None:
        self._device, self._versions, self._usage = "", dict[str, str](), Usage()

    def hear(self, reply: Reply) -> None:
        match reply:
            case WorkerReady(device, versions):
                self._device, self._versions = device, versions
            case Heartbeat():
                self._usage = reply.usage

    def stats(self) -> dict[str, Any]:
        """Return the facts, in bytes where they are sizes."""
        memory = psutil.virtual_memory()
        budget = self._usage.budget
        kind = next((name for name in budget if name != "cpu"), "cpu")
        total = memory.total if kind == "cpu" else budget[kind]
        used = self._usage.results.get(kind, 0) + self._usage.networks.get(kind, 0)
        free = memory.available if kind == "cpu" else max(total - used, 0)
        device = {
            "name": self._device or kind,
            "type": kind,
            "index": 0,
            "vram_total": total,
            "vram_free": free,
            "torch_vram_total": total,
            "torch_vram_free": free,
        }
        system = {
            "os": sys.platform,
            "ram_total": memory.total,
            "ram_free": memory.available,
            "comfyui_version": COMFYUI,
            "nodeflow_version": __version__,
            "python_version": platform.python_version(),
            "pytorch_version": self._versions.get("torch", ""),
            "embedded_python": False,
            "argv": [],
        }
        return {"system": system, "devices": [device]}
