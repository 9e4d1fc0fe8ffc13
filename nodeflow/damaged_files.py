"""Files of ours that something damaged: told from a full or locked disk, and set aside so that work goes on."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import time
from pathlib import Path

_DAMAGED = ("malformed", "not a database", "corrupt", "unsupported file format", "no such table", "no such column")


def is_damaged(error: sqlite3.Error) -> bool:
    """Return whether an error says that a database is damaged, rather than that its disk is full, read-only or busy."""
    return any(word in str(error) for word in _DAMAGED)


def set_aside(path: Path) -> Path:
    """Give a damaged database another name, with what stands beside it; the new name. Raises OSError."""
    stem = f"{path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}"
    names = (f"{stem}{f'-{count}' if count else ''}{path.suffix}" for count in itertools.count())
    new = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    path.replace(new)
    for tail in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + tail).replace(new.with_name(new.name + tail))
    return new


def reason(error: Exception) -> str:
    """An error of the disk in a few words."""
    return (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
