"""The index of images: facts of each file, and stars, kept in SQLite; images themselves are never changed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from nodeflow.damaged_files import is_busy, is_damaged, open_database, reason, set_aside
from nodeflow.gallery.image_facts import SUFFIXES, ImageFacts, facts_of
from nodeflow.gallery.paths import Paths
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.resources import data_folder

if TYPE_CHECKING:
    from nodeflow.gallery.searched_texts import SearchedTexts

SCHEMA = """
create table if not exists images
  (path text primary key, changed integer, bytes integer, words text, facts blob);
create index if not exists newest on images (changed desc);
create table if not exists stars (path text primary key);
"""
T = TypeVar("T")
OPENING_SECONDS, BUSY_SECONDS = 0.3, 1.0
"""How long another program may keep the index to itself when it is opened, and each time it is used: then what is known
lives in memory, so that nobody at the window waits."""
BATCH = 100
"""Images that are written at once."""
STARRED = "*"
"""The word of a search that asks for images with a star."""


def _opened(path: str, wait: float = OPENING_SECONDS) -> sqlite3.Connection:
    database = open_database(path, wait)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.executescript(SCHEMA)
        database.execute(f"pragma busy_timeout = {int(BUSY_SECONDS * 1000)}")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _stars_in(path: Path) -> list[tuple[str]]:
    """The stars of an index that is damaged or held by another program, as far as they can be read."""
    with contextlib.suppress(sqlite3.Error, ValueError):
        kept = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        with contextlib.closing(kept):
            return _stars_of(kept)
    return []


def _stars_of(database: sqlite3.Connection) -> list[tuple[str]]:
    """Those that can be read."""
    found: list[tuple[str]] = []
    with contextlib.suppress(sqlite3.Error):
        found.extend((str(one),) for (one,) in database.execute("select path from stars"))
    return found


def _texts_in(database: sqlite3.Connection) -> SearchedTexts:
    from nodeflow.gallery.searched_texts import SearchedTexts  # numpy takes long to load

    texts = SearchedTexts()
    texts.add(database.execute("select path, cast(ifnull(words, '') as blob) from images"))
    return texts


class ImageIndex:
    """The kept facts. Any thread may ask; several processes may hold one open. A damaged file is set aside; where
    nothing can be kept, they live in memory until `try_again` finds that it can."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or data_folder() / "gallery.sqlite"
        self.set_aside: Path | None = None
        """Where a damaged index was put, for the person to be told."""
        self._lock = threading.Lock()
        self.revision = 0
        """Grows by one with every change that is made here."""
        self._version = -1
        self._times: dict[str, int] = {}
        """When each image changed."""
        self._texts: SearchedTexts | None = None
        """What is searched of them, once it was asked for."""
        self._listed: tuple[tuple[str, ...], list[str]] | None = None
        """The folders that were asked for last, and what is below them."""
        self.unkept = ""
        """Why nothing is kept on disk; empty where it is."""
        self._stars_before = set[tuple[str]]()
        """Stars that there were when memory began to keep them."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._database = self._on_disk()
        except (OSError, sqlite3.Error) as error:
            self._database = self._without_disk(error, _stars_in(self.path))

    def _without_disk(self, error: Exception, stars: list[tuple[str]]) -> sqlite3.Connection:
        """What is used instead of the file, with these stars."""
        self.unkept = reason(error)
        made = _opened(":memory:")
        made.executemany("insert or ignore into stars values (?)", stars)
        self._stars_before = set(stars)
        return made

    def try_again(self) -> bool:
        """Keep on disk what is kept in memory, without waiting for anybody; whether it is kept now. Images that were
        found meanwhile are to be looked for again, stars that were given or taken meanwhile stay so."""
        with self._lock:
            if not self.unkept:
                return True
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                made = self._on_disk(0)
            except (OSError, sqlite3.Error):
                return False
            stars = set(_stars_of(self._database))
            try:
                made.executemany("insert or ignore into stars values (?)", list(stars - self._stars_before))
                made.executemany("delete from stars where path = ?", list(self._stars_before - stars))
            except sqlite3.Error:
                made.close()
                return False
            self._use(made)
            self.unkept = ""
            return True

    def _use(self, database: sqlite3.Connection) -> None:
        """Go on with another database, which may hold other images. The lock is held."""
        self._database.close()
        self._database = database
        self._version = -1
        self._know({})
        self.revision += 1

    def _on_disk(self, wait: float = OPENING_SECONDS) -> sqlite3.Connection:
        """A damaged index is set aside, and a new one begun with the stars that can be read; one that is busy or cannot
        be written stays where it is. Raises OSError and sqlite3.Error."""
        try:
            return _opened(str(self.path), wait)
        except sqlite3.Error as error:
            if not (is_damaged(error) or (os.path.lexists(self.path) and not self.path.is_file())):
                raise
        return self._made_anew()

    def _made_anew(self) -> sqlite3.Connection:
        self.set_aside = set_aside(self.path)
        made = _opened(str(self.path))
        made.executemany("insert or ignore into stars values (?)", _stars_in(self.set_aside))
        return made

    def _mended(self, do: Callable[[sqlite3.Connection], T]) -> T:
        """Return what is done with the database; once more with a new one where it turns out to be damaged, or another
        program keeps it to itself. The lock is held."""
        try:
            return do(self._database)
        except sqlite3.DatabaseError as error:
            if is_busy(error):
                self._use(self._without_disk(error, _stars_of(self._database) or _stars_in(self.path)))
            elif is_damaged(error):
                self._renew()
            else:
                raise
        return do(self._database)

    def _renew(self) -> None:
        """Begin a new database in the place of a damaged one, with its stars. The lock is held."""
        stars = _stars_of(self._database)
        self._database.close()
        try:
            made = self._made_anew()
            made.executemany("insert or ignore into stars values (?)", stars)
        except (OSError, sqlite3.Error) as error:
            made = self._without_disk(error, stars)
        self._use(made)

    def _ask(self, order: str, *values: object) -> list[Any]:
        return self._mended(lambda database: database.execute(order, values).fetchall())

    def _change(self, order: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Change all rows or none."""

        def change(database: sqlite3.Connection) -> None:
            database.execute("begin immediate")
            try:
                database.executemany(order, rows)
                database.execute("commit")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # some errors have rolled back already
                    database.execute("rollback")
                raise

        self._mended(change)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def find(self, query: str, folders: Iterable[Path]) -> Paths:
        """The images below folders whose facts hold every word of a query, the latest first; ``*`` asks for stars."""
        words = query.casefold().split()
        below = tuple(str(folder).rstrip(os.sep) + os.sep for folder in folders)
        asked = [word for word in words if word != STARRED]
        with self._lock:
            found = self._below(below)
            texts = self._searched() if asked else None
        if texts is not None:
            found = texts.holding(asked, found)
        if STARRED in words:
            starred = self.starred()
            found = [path for path in found if path in starred]
        return Paths(found)

    def prepare(self) -> None:
        """Read what a search looks through, so that the first one need not wait for it."""
        with self._lock:
            self._searched()

    def _below(self, folders: tuple[str, ...]) -> list[str]:
        """All images below folders, the latest first; read again where another process has written. The lock is
        held."""
        version = self._ask("pragma data_version")[0][0]
        if version != self._version:
            self._know(dict(self._ask("select path, changed from images")))
            self._version = version
        if self._listed is None or self._listed[0] != folders:
            below = [(changed, path) for path, changed in self._times.items() if path.startswith(folders)]
            self._listed = folders, [path for _, path in sorted(below, reverse=True)]
        return self._listed[1]

    def _searched(self) -> SearchedTexts:
        """What is searched of the images that are known. The lock is held."""
        if self._texts is None:
            self._texts = self._mended(_texts_in)
        return self._texts

    def _know(self, times: dict[str, int]) -> None:
        """Other images are known now. The lock is held."""
        self._times, self._texts, self._listed = times, None, None

    def _keep(self, facts: Iterable[ImageFacts], gone: Iterable[str] = ()) -> None:
        """Find these, and those that are gone no longer. The lock is held."""
        kept = list(facts)
        self._times.update((one.path, one.changed) for one in kept)
        for path in gone:
            self._times.pop(path, None)
        if self._texts is not None:
            self._texts.add((one.path, one.words.encode(errors="surrogatepass")) for one in kept)
            if len(self._texts) > 2 * len(self._times) + BATCH:
                self._texts = None  # most of it is of images that are gone, or others by now
        self._listed = None
        self.revision += 1

    def facts(self, path: Path) -> ImageFacts | None:
        """Return what is known of an image; None where it was not read yet."""
        with self._lock:
            rows = self._ask("select facts from images where path = ?", str(path))
        with contextlib.suppress(msgspec.DecodeError, UnicodeError, TypeError):  # what damage left of it
            return msgspec.msgpack.decode(rows[0][0], type=ImageFacts) if rows else None
        return None

    def starred(self) -> set[str]:
        """The paths of images with a star."""
        with self._lock:
            return {path for (path,) in self._ask("select path from stars")}

    def star(self, paths: Iterable[Path], on: bool) -> None:
        """Give images a star, or take it."""
        order = "insert or ignore into stars values (?)" if on else "delete from stars where path = ?"
        with self._lock:
            self._change(order, [(str(path),) for path in paths])

    def scan(self, folder: Path, catalogue: Catalogue, watch: Callable[[int], None] = lambda _: None) -> int:
        """Read what is new or changed below a folder, and forget what is gone; how many were read.

        ``watch`` is called with that number as it grows, and ends the scan by raising. A folder that cannot be
        reached changes nothing.
        """
        if not folder.is_dir():
            return 0
        known, met, read = self._known(folder), set(), 0
        batch: list[ImageFacts] = []
        for path, state in _files(folder):
            met.add(path)
            if known.get(path) == (state.st_mtime_ns, state.st_size):
                continue
            try:
                batch.append(facts_of(Path(path), catalogue))
            except OSError:
                continue  # it went meanwhile
            read += 1
            if len(batch) >= BATCH:
                self.put(batch)
                batch.clear()
                watch(read)
        self.put(batch)
        gone = known.keys() - met
        with self._lock:
            self._change("delete from images where path = ?", [(path,) for path in gone])
            if gone:
                self._keep((), gone)
        watch(read)
        return read

    def put(self, facts: Iterable[ImageFacts]) -> None:
        """Keep facts, in place of those of the same path."""
        taken = list(facts)
        rows = [(one.path, one.changed, one.bytes, one.words, msgspec.msgpack.encode(one)) for one in taken]
        if not rows:
            return
        with self._lock:
            self._change("insert or replace into images values (?, ?, ?, ?, ?)", rows)
            self._keep(taken)

    def forget(self, paths: Iterable[Path]) -> None:
        """Drop what is known of images, their stars too."""
        rows = [(str(path),) for path in paths]
        with self._lock:
            self._change("delete from images where path = ?", rows)
            self._change("delete from stars where path = ?", rows)
            self._keep((), (path for (path,) in rows))

    def _known(self, folder: Path) -> dict[str, tuple[int, int]]:
        below = str(folder).rstrip(os.sep) + os.sep
        order = "select path, changed, bytes from images where substr(path, 1, ?) = ?"
        with self._lock:
            return {path: (changed, size) for path, changed, size in self._ask(order, len(below), below)}


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The images below a folder; hidden ones, and folders that link back, are passed by."""
    todo = [str(folder)]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    try:
                        if entry.is_dir(follow_symlinks=False):
                            todo.append(entry.path)
                        elif entry.name.casefold().endswith(SUFFIXES):
                            yield entry.path, entry.stat()
                    except OSError:
                        continue  # it went meanwhile
        except OSError:
            continue  # it went meanwhile, or may not be read
