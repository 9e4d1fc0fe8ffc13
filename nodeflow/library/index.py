"""The library's index: what was recognised of each file, kept in SQLite beside what a person wrote of it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from nodeflow.library.entries import Entry, Own
from nodeflow.resources import data_folder

SCHEMA = """
create table if not exists files
  (path text primary key, root text, signature text, rules text, gone integer, entry blob);
create table if not exists own (path text primary key, own blob);
create table if not exists hashes (path text primary key, signature text, sha256 text);
"""
BUSY_SECONDS = 10.0
"""How long to wait for another process that writes."""


class Index:
    """The kept entries. Several processes may hold one open; a damaged one is set aside and made anew."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or data_folder() / "library.sqlite"
        self.set_aside: Path | None = None
        """Where a damaged index was put, for the person to be told."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = self._open()
        except sqlite3.DatabaseError:
            self.set_aside = self.path.with_name(f"{self.path.name}.damaged-{int(time.time())}")
            self.path.replace(self.set_aside)
            self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            database.execute("pragma journal_mode = wal")
            database.execute("pragma synchronous = normal")
            database.executescript(SCHEMA)
        except sqlite3.DatabaseError:
            database.close()
            raise
        return database

    def close(self) -> None:
        self._database.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        self._database.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._database.execute("rollback")
            raise
        self._database.execute("commit")

    def entries(self, root: str | None = None) -> list[Entry]:
        """All entries, or those below one folder."""
        where, values = ("where f.root = ?", (root,)) if root is not None else ("", ())
        rows = self._database.execute(
            "select f.entry, h.sha256 from files f left join hashes h on h.path = f.path and h.signature = f.signature "
            f"{where} order by f.path",
            values,
        )
        decode = msgspec.msgpack.Decoder(Entry).decode
        found = []
        for data, digest in rows:
            entry = decode(data)
            found.append(msgspec.structs.replace(entry, sha256=digest) if digest else entry)
        return found

    def signatures(self, root: str, below: str = "") -> dict[str, tuple[str, str, bool]]:
        """Of each file below a folder: its signature with the version of the rules, by path, and whether it is gone.

        ``below``: only of what lies there.
        """
        where, values = "root = ?", [root]
        if below:
            where += " and (path = ? or (path >= ? and path < ?))"
            values += [below, below + os.sep, below + chr(ord(os.sep) + 1)]
        rows = self._database.execute(f"select path, signature, rules, gone from files where {where}", values)
        return {path: (signature, rules, bool(gone)) for path, signature, rules, gone in rows}

    def put(self, entries: Iterable[Entry]) -> None:
        """Keep entries, in place of those of the same path."""
        encode = msgspec.msgpack.encode
        rows = [(one.path, one.root, one.signature, one.rules, one.gone, encode(one)) for one in entries]
        with self._writing():
            self._database.executemany("insert or replace into files values (?, ?, ?, ?, ?, ?)", rows)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop entries; what a person wrote of them stays."""
        with self._writing():
            self._database.executemany("delete from files where path = ?", [(path,) for path in paths])

    def keep_hash(self, entry: Entry, sha256: str) -> None:
        """Keep a hash for as long as the file stands as it is."""
        with self._writing():
            self._database.execute(
                "insert or replace into hashes values (?, ?, ?)", (entry.path, entry.signature, sha256)
            )

    def own(self, path: str) -> Own:
        """Return what a person wrote of a file."""
        row = self._database.execute("select own from own where path = ?", (path,)).fetchone()
        return msgspec.msgpack.decode(row[0], type=Own) if row else Own()

    def all_own(self) -> dict[str, Own]:
        """Return what a person wrote, by path."""
        rows = self._database.execute("select path, own from own")
        return {path: msgspec.msgpack.decode(data, type=Own) for path, data in rows}

    def write_own(self, path: str, own: Own) -> None:
        """Keep what a person wrote of a file, or did with it."""
        with self._writing():
            self._database.execute("insert or replace into own values (?, ?)", (path, msgspec.msgpack.encode(own)))
