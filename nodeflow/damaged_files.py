"""Files of ours that something damaged: told from a full or locked disk, and set aside so that work goes on."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

_DAMAGED = (
    "malformed",
    "not a database",
    "corrupt",
    "unsupported file format",
    "no such table",
    "no such column",
    "Could not decode",
)


class Database(sqlite3.Connection):
    """A connection to a database of ours. What sqlite says of a damaged file may quote what lies there, which is no
    text then, and Python's reading of that fails: here it is the error that it stands for."""

    def execute(self, *given: Any) -> sqlite3.Cursor:
        with _telling():
            return super().execute(*given)

    def executemany(self, *given: Any) -> sqlite3.Cursor:
        with _telling():
            return super().executemany(*given)

    def executescript(self, *given: Any) -> sqlite3.Cursor:
        with _telling():
            return super().executescript(*given)


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise sqlite3.DatabaseError("its database is malformed") from None


def open_database(path: Path | str, timeout: float = 10.0) -> Database:
    """A connection that commits by itself, for any thread. Raises sqlite3.Error."""
    return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False, factory=Database)


def is_damaged(error: sqlite3.Error) -> bool:
    """Return whether an error says that a database is damaged, rather than that its disk is full, read-only or busy."""
    return any(word in str(error) for word in _DAMAGED)


def is_busy(error: Exception) -> bool:
    """Return whether an error says that another program holds a database."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


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


UNREADABLE = msgspec.DecodeError, UnicodeError, RecursionError
"""What reading JSON raises of a damaged file."""


def write_json(path: Path, data: bytes, kind: Any) -> None:
    """Put JSON in the place of a file of ours, all of it or nothing. One that does not hold such a kind is set aside:
    what a person chose can still be read in it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(data)
    try:
        msgspec.json.decode(path.read_bytes(), type=kind)
    except UNREADABLE:
        set_aside(path)
    except OSError:
        pass  # none is there, or the next line tells
    new.replace(path)


def reason(error: Exception) -> str:
    """An error of the disk in a few words."""
    if is_busy(error):
        return "another program holds it"
    return (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
