"""Hashes of files that were read: by inode and times what they held, on disk where there is room for it."""

from __future__ import annotations

import contextlib
import os
import queue
import sqlite3
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nodeflow.damaged_files import Database, is_damaged, open_database, set_aside
from nodeflow.resources import cache_folder

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS file (
    signature TEXT PRIMARY KEY, samples TEXT NOT NULL, token TEXT NOT NULL, whole TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_samples ON file (samples);
CREATE TABLE IF NOT EXISTS epoch (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL);
"""
MAX_FILES = 500_000
"""Files that are remembered; beyond this the next start forgets all, which costs no more than reading them again."""


class Signature(NamedTuple):
    """Hold what the file system says of a file: another one, or one that was written to, has another."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, status: os.stat_result) -> Signature:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    @property
    def text(self) -> str:
        return ":".join(map(str, self))


class FileHash(NamedTuple):
    """Digests of a file: of ``samples`` of it, of the ``whole`` once that is known, and the ``token`` it goes by."""

    samples: str
    token: str
    whole: str = ""


class FileHashes:
    """Digests by signature. ``epoch`` names what was remembered together on disk, and is empty where memory alone
    remembers: a file that is read again after that was lost may have changed meanwhile, and needs another token.
    """

    def __init__(self, path: Path | None = None) -> None:
        """``path``: the file that remembers. Without one, or where it cannot be used, memory alone does."""
        self._known: dict[Signature, FileHash] = {}
        self._lock = threading.RLock()
        self._todo: queue.Queue[Callable[[], None]] = queue.Queue()
        self._reader: threading.Thread | None = None
        self.epoch = ""
        self._store = open_database(":memory:")
        if path is not None:
            with contextlib.suppress(OSError, sqlite3.Error):
                path.parent.mkdir(parents=True, exist_ok=True)
                self._store, self.epoch = _opened_or_renewed(path)
        with contextlib.suppress(sqlite3.Error):
            self._store.executescript(SCHEMA)

    @classmethod
    def of_user(cls) -> FileHashes:
        """Those in the user's cache folder."""
        return cls(cache_folder() / "files.sqlite")

    def get(self, signature: Signature) -> FileHash | None:
        """Return what is known of a file; None where it was not read yet."""
        with self._lock:
            if signature not in self._known:
                rows = self._ask("SELECT samples, token, whole FROM file WHERE signature = ?", signature.text)
                if not rows:
                    return None
                self._known[signature] = FileHash(*rows[0])
            return self._known[signature]

    def alike(self, samples: str) -> list[FileHash]:
        """All files with the same samples."""
        with self._lock:
            stored = self._ask("SELECT samples, token, whole FROM file WHERE samples = ?", samples)
            mine = [known for known in self._known.values() if known.samples == samples]
        return [*mine, *(FileHash(*row) for row in stored)]

    def put(self, signature: Signature, found: FileHash) -> None:
        """Remember a file."""
        with self._lock:
            self._known[signature] = found
            self._ask("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", signature.text, *found)

    def complete(self, path: Path, signature: Signature, read: Callable[[Path], str]) -> None:
        """Read all of a file in the background, and remember it unless the file changed meanwhile."""

        def task() -> None:
            with contextlib.suppress(OSError):
                whole = read(path)
                with self._lock:
                    known = self._known.get(signature)
                    if known is not None and Signature.of(path.stat()) == signature:
                        self.put(signature, known._replace(whole=whole))

        self._todo.put(task)
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, name="file hashes", daemon=True)
            self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                self._todo.get()()
            finally:
                self._todo.task_done()

    def settle(self) -> None:
        """Wait until every file that was to be read whole has been."""
        self._todo.join()

    def _ask(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        """Return what the store says; nothing where it cannot be used: memory remembers alone then."""
        try:
            return self._store.execute(statement, values).fetchall()
        except sqlite3.Error:
            return []


def _opened_or_renewed(path: Path) -> tuple[Database, str]:
    """What remembers, and its epoch; a damaged one begins anew. Raises OSError and sqlite3.Error."""
    try:
        return _opened(path)
    except sqlite3.Error as error:
        if not is_damaged(error):
            raise
    set_aside(path).unlink()
    return _opened(path)


def _opened(path: Path) -> tuple[Database, str]:
    store = open_database(path, timeout=2)
    try:
        store.executescript(SCHEMA)
        if store.execute("SELECT count(*) FROM file").fetchone()[0] > MAX_FILES:
            store.executescript("DELETE FROM file; DELETE FROM epoch")
        store.execute("INSERT OR IGNORE INTO epoch VALUES (1, ?)", (uuid.uuid4().hex,))
        return store, store.execute("SELECT name FROM epoch").fetchone()[0]
    except sqlite3.Error:
        store.close()
        raise
