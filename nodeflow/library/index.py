"""The library's index: what was recognised of each file, kept in SQLite beside what a person wrote of it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from nodeflow.damaged_files import is_damaged, open_database, reason, set_aside
from nodeflow.library.entries import LibraryEntry, Own
from nodeflow.resources import data_folder

SCHEMA = """
create table if not exists files
  (path text primary key, root text, signature text, rules text, gone integer, entry blob);
create table if not exists own (path text primary key, own blob);
create table if not exists hashes (path text primary key, signature text, sha256 text);
"""
BUSY_SECONDS = 10.0
"""How long to wait for another process that writes."""


def _opened(path: str) -> sqlite3.Connection:
    database = open_database(path, BUSY_SECONDS)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.executescript(SCHEMA)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


class Index:
    """The kept entries. Several processes may hold one open; a damaged one is set aside and made anew. Where nothing
    can be kept on disk, it lives in memory, with what was kept there before as far as that can be read."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or data_folder() / "library.sqlite"
        self.set_aside: Path | None = None
        """Where a damaged index was put, for the person to be told."""
        self.unkept = ""
        """Why nothing is kept on disk; empty where it is."""
        try:
            self._database = self._on_disk()
        except (OSError, sqlite3.Error) as error:
            self.unkept = reason(error)
            self._database = self._in_memory()

    def _on_disk(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _opened(str(self.path))
        except sqlite3.Error as error:
            if not (is_damaged(error) or (os.path.lexists(self.path) and not self.path.is_file())):
                raise
        self.set_aside = set_aside(self.path)
        return _opened(str(self.path))

    def _in_memory(self) -> sqlite3.Connection:
        made = open_database(":memory:")
        with contextlib.suppress(sqlite3.Error, ValueError):
            kept = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
            with contextlib.closing(kept):
                kept.backup(made)
        made.executescript(SCHEMA)
        return made

    def renew(self) -> None:
        """Set a damaged index aside and begin a new one with what a person wrote, as far as that can be read. Raises
        OSError and sqlite3.Error."""
        wrote: list[tuple[str, bytes]] = []
        with contextlib.suppress(sqlite3.Error):
            wrote.extend(self._database.execute("select path, own from own"))
        self._database.close()
        self.set_aside = set_aside(self.path)
        self._database = _opened(str(self.path))
        with self._writing():
            self._database.executemany("insert or replace into own values (?, ?)", wrote)

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

    def entries(self, root: str | None = None) -> list[LibraryEntry]:
        """All entries, or those below one folder."""
        where, values = ("where f.root = ?", (root,)) if root is not None else ("", ())
        rows = self._database.execute(
            "select f.entry, h.sha256 from files f left join hashes h on h.path = f.path and h.signature = f.signature "
            f"{where} order by f.path",
            values,
        )
        decode = msgspec.msgpack.Decoder(LibraryEntry).decode
        found = []
        for data, digest in rows:
            try:
                entry = decode(data)
            except msgspec.MsgspecError:  # of another version, or damaged: it is read from the file again
                continue
            found.append(msgspec.structs.replace(entry, sha256=digest) if digest else entry)
        return found

    def roots(self) -> list[str]:
        """Return the folders below which the files lie that are known."""
        return [root for (root,) in self._database.execute("select distinct root from files")]

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

    def put(self, entries: Iterable[LibraryEntry]) -> None:
        """Keep entries, in place of those of the same path."""
        encode = msgspec.msgpack.encode
        rows = [(one.path, one.root, one.signature, one.rules, one.gone, encode(one)) for one in entries]
        with self._writing():
            self._database.executemany("insert or replace into files values (?, ?, ?, ?, ?, ?)", rows)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop entries; what a person wrote of them stays."""
        with self._writing():
            self._database.executemany("delete from files where path = ?", [(path,) for path in paths])

    def keep_hash(self, entry: LibraryEntry, sha256: str) -> None:
        """Keep a hash for as long as the file stands as it is."""
        with self._writing():
            self._database.execute(
                "insert or replace into hashes values (?, ?, ?)", (entry.path, entry.signature, sha256)
            )

    def own(self, path: str) -> Own:
        """Return what a person wrote of a file."""
        row = self._database.execute("select own from own where path = ?", (path,)).fetchone()
        return _own(row[0]) if row else Own()

    def all_own(self) -> dict[str, Own]:
        """Return what a person wrote, by path."""
        rows = self._database.execute("select path, own from own")
        return {path: _own(data) for path, data in rows}

    def write_own(self, path: str, own: Own) -> None:
        """Keep what a person wrote of a file, or did with it."""
        with self._writing():
            self._database.execute("insert or replace into own values (?, ?)", (path, msgspec.msgpack.encode(own)))


def _own(data: bytes) -> Own:
    try:
        return msgspec.msgpack.decode(data, type=Own)
    except msgspec.MsgspecError:
        return Own()
