"""The disk tier of the cache: results that survive a restart, shared by every process of this user.

A result is one file named by its key, written beside and renamed, so that it is there whole or not at all; an index in
SQLite says what it cost and its checksum. What does not agree is dropped and computed again. Results are written and
read with torch, which is imported then: who looks at the index alone is not kept waiting for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from nodeflow.damaged_files import is_busy, is_damaged, open_database, reason, set_aside
from nodeflow.resources import cache_folder
from nodeflow.unfinished_files import remove_left_over, unfinished

OLD_SECONDS = 3600
"""After which a result that is in no index belongs to nobody."""
UNKNOWN_SECONDS = 1.0
"""What a result is taken to have cost whose index entry was lost."""
OPENING_SECONDS, BUSY_SECONDS, HELD_SECONDS = 0.5, 2.0, 10.0
"""How long another program may keep the index to itself when it is opened, and each time it is used; and for how long
it is then left alone."""
NOWHERE = 0, 0
"""Where an index lies that is in memory, until another program lets go of the true one."""
MIN_SECONDS = 0.001
"""What is computed faster than this is not worth a file."""

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS result (
    key BLOB PRIMARY KEY, bytes INTEGER NOT NULL, seconds REAL NOT NULL, checksum BLOB NOT NULL, rank REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_rank ON result (rank);
CREATE TABLE IF NOT EXISTS total (one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER, clock REAL);
INSERT OR IGNORE INTO total VALUES (1, 0, 0);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON result BEGIN UPDATE total SET bytes = bytes + new.bytes; END;
CREATE TRIGGER IF NOT EXISTS gone AFTER DELETE ON result BEGIN
    UPDATE total SET bytes = bytes - old.bytes, clock = max(clock, old.rank);
END;
"""


def empty(folder: Path) -> None:
    """Remove all result files, whatever became of their index. Raises OSError."""
    for path in folder.glob("??/*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


class DiskUsage(NamedTuple):
    """Hold what the disk tier holds."""

    folder: Path
    results: int
    bytes: int
    budget: int


class DiskStore:
    """Results by content key in a folder, within a budget of bytes; the least valuable goes first, as in memory.

    Safe for several processes at once, and for one that is killed at any moment.
    """

    def __init__(self, folder: Path, budget: int, versions: str = "", least_seconds: float = MIN_SECONDS) -> None:
        """``versions``: what results depend on beside their keys (of torch, say); others' results are not seen.

        Raises OSError and sqlite3.Error where there can be no disk tier.
        """
        self.folder, self.budget, self.least_seconds = folder, budget, least_seconds
        self.tell: Callable[[str], None] = lambda sentence: None
        """Takes a sentence about what is not kept, once, and an empty one when results can be kept again."""
        self.written: Callable[[bytes, bytes, float], None] = lambda name, data, seconds: None
        """Takes what was just written: a name for `take`, the bytes, and what they cost in seconds."""
        self._unkept = -1
        """Bytes of the largest result that found no place since that was told; -1 where nothing is told."""
        self._salt = versions.encode()
        self._held_until = 0.0
        """Until when another program is taken to keep the index to itself, so that each look at it need not wait."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        try:
            self._index = self._open(OPENING_SECONDS)
        except sqlite3.Error as error:
            if is_busy(error):
                self._index, self._opened = open_database(":memory:"), NOWHERE
                self._index.executescript(SCHEMA)
            elif is_damaged(error) or self._file.is_dir():
                self._rebuild()
            else:
                raise
        remove_left_over(folder)

    def __contains__(self, key: bytes) -> bool:
        name = self._name(key)
        return self._ask("SELECT 1 FROM result WHERE key = ?", name) is not None and self._path(name).is_file()

    def get(self, key: bytes) -> tuple[tuple[Any, ...], float] | None:
        """The outputs and what they cost in seconds; None where they are not there, or damaged (then they go)."""
        from nodeflow.engine.cache.codec import Damaged, decode

        name = self._name(key)
        row = self._ask("SELECT checksum, seconds, bytes FROM result WHERE key = ?", name)
        if row is None:
            return None
        try:
            data = self._path(name).read_bytes()
            if hashlib.blake2b(data, digest_size=16).digest() != row[0]:
                raise Damaged("checksum")
            outputs = decode(data)
        except (OSError, Damaged):
            self._drop(name)
            return None
        self._ask("UPDATE result SET rank = (SELECT clock FROM total) + ? WHERE key = ?", row[1] / max(row[2], 1), name)
        return outputs, row[1]

    def put(self, key: bytes, outputs: tuple[Any, ...], seconds: float) -> None:
        """Store outputs, unless they are cheap, hold a network, or do not fit. A full disk costs the entry only."""
        from nodeflow.engine.cache.codec import NotStorable, encode

        if seconds < self.least_seconds:
            return
        try:
            data = encode(outputs)
        except NotStorable:
            return
        name = self._name(key)
        self.take(name, data, seconds)
        self.written(name, data, seconds)

    def take(self, name: bytes, data: bytes, seconds: float) -> None:
        """Store what another store has `written`, of the same versions."""
        if len(data) > self.budget or self._is_held():
            return
        try:
            if self._was_taken_away():
                self._begin_anew()
            self._write(self._path(name), data)
            gone = self._enter(name, len(data), seconds, hashlib.blake2b(data, digest_size=16).digest())
            for other in gone:
                self._path(other).unlink(missing_ok=True)
        except (OSError, sqlite3.Error) as error:
            self._complain(error, len(data))
        else:
            if 0 <= self._unkept <= len(data):  # on a disk that is nearly full small ones still find a place
                self._unkept = -1
                self.tell("")

    def drop(self, key: bytes) -> None:
        """Forget one result."""
        self._drop(self._name(key))

    def info(self) -> DiskUsage:
        """Return what is there now."""
        count = self._ask("SELECT count(*) FROM result")
        total = self._ask("SELECT bytes FROM total")
        return DiskUsage(self.folder, count[0] if count else 0, total[0] if total else 0, self.budget)

    def clear(self) -> None:
        """Forget every result."""
        empty(self.folder)  # first, for on a full disk nothing can be written into the index
        self._ask("DELETE FROM result")

    def verify(self) -> tuple[int, int]:
        """Read every result; how many are whole, and how many were damaged or without an index entry and are gone. Of
        an index that is `held` nothing is known, and nothing goes."""
        if self.held:
            return 0, 0
        with self._lock:
            known = dict(self._index.execute("SELECT key, checksum FROM result").fetchall())
        whole = damaged = 0
        for name, checksum in known.items():
            try:
                stands = hashlib.blake2b(self._path(name).read_bytes(), digest_size=16).digest() == checksum
            except OSError:
                stands = False
            if stands:
                whole += 1
            else:
                damaged += 1
                self._drop(name)
        paths = {self._path(name) for name in known}
        hour_ago = time.time() - OLD_SECONDS
        for path in self.folder.glob("??/*"):
            if path not in paths and path.stat().st_mtime < hour_ago:
                damaged += 1
                path.unlink(missing_ok=True)
        return whole, damaged

    @classmethod
    def of_user(cls, versions: str = "", budget: int | None = None) -> DiskStore | None:
        """The disk tier in the user's cache folder, None where none can be.

        Without a budget a tenth of what is free, 10 GiB at most.
        """
        try:
            folder = cache_folder() / "results"
            folder.mkdir(parents=True, exist_ok=True)
            suits = min(10 * 2**30, shutil.disk_usage(folder).free // 10)
            return cls(folder, suits if budget is None else budget, versions)
        except (OSError, sqlite3.Error):
            return None

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            self._index.close()

    def _name(self, key: bytes) -> bytes:
        return hashlib.blake2b(key, digest_size=16, key=hashlib.blake2b(self._salt, digest_size=16).digest()).digest()

    def _path(self, name: bytes) -> Path:
        return self.folder / name[:1].hex() / f"{name.hex()}.safetensors"

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        with unfinished(path.parent, data) as temporary:
            temporary.replace(path)

    def _ask(self, statement: str, *values: Any) -> Any:
        """The first row of an answer; None where there is none, or the index cannot be used at the moment."""
        if self._is_held():
            return None
        with self._lock:
            try:
                if self._opened == NOWHERE:
                    self._begin_anew()
                return self._index.execute(statement, values).fetchone()
            except (OSError, sqlite3.Error) as error:
                self._complain(error)
                return None

    @property
    def held(self) -> bool:
        """Return whether another program keeps the index to itself."""
        return self._opened == NOWHERE or self._is_held()

    def _is_held(self) -> bool:
        return time.monotonic() < self._held_until

    def _drop(self, name: bytes) -> None:
        self._ask("DELETE FROM result WHERE key = ?", name)
        with contextlib.suppress(OSError):
            self._path(name).unlink(missing_ok=True)

    def _was_taken_away(self) -> bool:
        """Return whether somebody removed the folder or its index, or put another there, while we had it open."""
        try:
            stat = self._file.stat()
        except OSError:
            return True
        return (stat.st_dev, stat.st_ino) != self._opened

    def _begin_anew(self) -> None:
        """Use what stands in the folder now. Raises OSError and sqlite3.Error."""
        with self._lock:
            self.folder.mkdir(parents=True, exist_ok=True)
            before, self._index = self._index, self._open()
            before.close()

    def _complain(self, error: Exception, size: int = 0) -> None:
        """Say once that results are not kept, of ``size`` bytes now; mend the index where that is what is wrong."""
        if isinstance(error, sqlite3.Error) and is_damaged(error):
            try:
                self._rebuild()
                return
            except (OSError, sqlite3.Error) as worse:
                error = worse
        if is_busy(error):
            self._held_until = time.monotonic() + HELD_SECONDS
        told, self._unkept = self._unkept >= 0, max(self._unkept, size)
        if not told:
            self.tell(
                f"results are not kept on disk, only in memory: {self.folder} cannot be written ({reason(error)})"
            )

    def _open(self, wait: float = BUSY_SECONDS) -> sqlite3.Connection:
        index = open_database(self._file, wait)
        try:
            index.executescript(SCHEMA)
            index.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        except sqlite3.Error:
            index.close()
            raise
        stat = self._file.stat()
        self._opened = stat.st_dev, stat.st_ino
        return index

    @property
    def _file(self) -> Path:
        return self.folder / "index.sqlite"

    def _rebuild(self) -> None:
        """Make the index anew from the results, of which nothing but what they cost is lost."""
        from nodeflow.engine.cache.codec import Damaged, decode

        with self._lock:
            if hasattr(self, "_index"):
                self._index.close()
            if self._file.is_dir():
                set_aside(self._file)
            for tail in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + tail).unlink(missing_ok=True)
            self._index = self._open()
            for path in self.folder.glob("??/*.safetensors"):
                try:
                    name, data = bytes.fromhex(path.stem), path.read_bytes()
                    decode(data)
                except (ValueError, OSError, Damaged):
                    path.unlink(missing_ok=True)
                    continue
                self._enter(name, len(data), UNKNOWN_SECONDS, hashlib.blake2b(data, digest_size=16).digest())

    def _enter(self, name: bytes, size: int, seconds: float, checksum: bytes) -> list[bytes]:
        """Put a result into the index, and take out those that make room for it, all in one; the names of those."""
        gone: list[bytes] = []
        with self._lock, self._index:
            ask = self._index.execute
            ask("BEGIN IMMEDIATE")
            ask("DELETE FROM result WHERE key = ?", (name,))
            while self._first("SELECT bytes FROM total") + size > self.budget:
                gone.append(self._first("SELECT key FROM result ORDER BY rank LIMIT 1"))
                ask("DELETE FROM result WHERE key = ?", (gone[-1],))
            ask(
                "INSERT INTO result SELECT ?, ?, ?, ?, clock + ? FROM total",
                (name, size, seconds, checksum, seconds / size),
            )
        return gone

    def _first(self, statement: str) -> Any:
        """What stands first in an answer. Raises sqlite3.DatabaseError for an index that lost what it always has."""
        row = self._index.execute(statement).fetchone()
        if row is None or row[0] is None:
            raise sqlite3.DatabaseError("the index is malformed")
        return row[0]
