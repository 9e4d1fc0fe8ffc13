"""Taking from a process what it does not need to read weights: the network, other programs, and files to write."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from pathlib import Path

NEW_USERS_AND_NETWORK = 0x10000000 | 0x40000000
"""Linux's unshare: a network of its own, that has no way out."""
FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "pty.",
    "urllib.",
    "ctypes.",
)
WRITES = frozenset("wax+")


def confine(folder: Path) -> None:
    """From now on: no sockets and no other programs, and files are written below one folder alone.

    Linux takes the network away from the whole process, where it lets a person do so. Everywhere Python itself
    refuses, which binds all that is written in Python. torch is imported before, since it asks for more.
    """
    _without_network()
    import safetensors.torch  # noqa: F401
    import torch  # noqa: F401

    place = folder.resolve()

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(FORBIDDEN):
            raise PermissionError(f"{event} is not allowed here")
        if event == "open" and len(arguments) > 1 and WRITES & set(str(arguments[1] or "")):
            name = arguments[0]
            if isinstance(name, str) and not Path(name).resolve().is_relative_to(place):
                raise PermissionError("no file is written there")

    sys.addaudithook(refuse)


def _without_network() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).unshare(NEW_USERS_AND_NETWORK)
