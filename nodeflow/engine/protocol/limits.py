"""Limits of what a worker may keep."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Bytes of results that are kept in the host's memory and on disk; 0 keeps nothing.

    None is what suits the machine: a third of its memory, and of the disk a tenth of what is free, 10 GiB at most.
    ``workers`` share the memory.
    """

    memory: int | None = None
    disk: int | None = None
    spare: int = 0
    """Bytes of the graphics card that are left to other programs."""
    workers: int = 1


NOTHING = Limits(0, 0)
