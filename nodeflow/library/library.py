"""The model library: what lies in the person's folders, kept up to date, searched, and found by name."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from nodeflow.damaged_files import is_damaged
from nodeflow.library.entries import LibraryEntry, Own
from nodeflow.library.folders import Root, library_roots
from nodeflow.library.index import Index
from nodeflow.library.models import Models
from nodeflow.library.reach import holds_something, is_file

if TYPE_CHECKING:
    from nodeflow.library.scan import Scanned, Watch

CHUNK = 1 << 22
T = TypeVar("T")


class Library:
    """The models that a person has. Opening it reads the index; `refresh` looks at the disks."""

    def __init__(self, index: Index | None = None) -> None:
        self.index = index or Index()
        self.models = Models()
        """What is known now; another object after each change."""
        self._load()

    @property
    def entries(self) -> list[LibraryEntry]:
        """All that is known."""
        return self.models.entries

    def _load(self) -> None:
        self.models = self._mended(lambda: Models(self.index.entries(), self.index.all_own()))

    def _mended(self, do: Callable[[], T]) -> T:
        """Return what is done with the index; once more with a new one where it turns out to be damaged."""
        try:
            return do()
        except sqlite3.DatabaseError as error:
            if not is_damaged(error):
                raise
        self.index.renew()
        return do()

    def close(self) -> None:
        self.index.close()

    def refresh(self, roots: list[Root] | None = None, watch: Watch | None = None) -> Scanned:
        """Look through the folders; entries of folders that nobody names any more are dropped.

        Raises ScanCancelled where ``watch`` does.
        """
        from nodeflow.library.scan import scan  # what is known is shown before anything is read

        chosen = library_roots() if roots is None else roots
        try:
            found = self._mended(lambda: scan(self.index, chosen, watch))
            if roots is None:
                self._forget_unnamed(chosen)
        finally:
            self._load()
        return found

    def _forget_unnamed(self, named: list[Root]) -> None:
        """Drop the entries of folders that nobody names, unless what named them may be out of reach as they are."""
        left = set(self.index.roots()) - {str(root.path) for root in named}
        if not all(holds_something(root.path) for root in named):
            left = {root for root in left if holds_something(Path(root))}
        self.index.forget(entry.path for entry in self.entries if entry.root in left)

    def refresh_below(self, folders: list[tuple[Root, Path]], watch: Watch | None = None) -> None:
        """Look through folders below roots, in which something happened. Raises ScanCancelled where ``watch`` does."""
        from nodeflow.library.scan import scan_below

        try:
            for root, folder in folders:
                self._mended(partial(scan_below, self.index, root, folder, watch))
        finally:
            self._load()

    def search(self, text: str = "", kind: str = "", family: str = "") -> list[LibraryEntry]:
        """Entries that hold every word of a text; see `Models.search`."""
        return self.models.search(text, kind, family)

    def find(self, name: str) -> list[LibraryEntry]:
        """Return what a name may stand for; see `lookup.Names`."""
        return self.models.find(name)

    def sha256(self, entry: LibraryEntry) -> str:
        """The hash of a file, computed once for as long as it stands as it is. Raises OSError."""
        if entry.sha256:
            return entry.sha256
        digest = file_sha256(Path(entry.path))
        self.keep_hash(entry, digest)
        return digest

    def duplicates(self) -> list[list[LibraryEntry]]:
        """Files that are the same: of one size, and of one hash, which is computed for them alone."""
        sizes: dict[int, list[LibraryEntry]] = defaultdict(list)
        for entry in self.entries:
            if not entry.gone and is_file(Path(entry.path)):
                sizes[entry.found.bytes].append(entry)
        same: dict[str, list[LibraryEntry]] = defaultdict(list)
        for group in sizes.values():
            if len(group) > 1 and group[0].found.bytes:
                for entry in group:
                    same[self.sha256(entry)].append(entry)
        return [group for group in same.values() if len(group) > 1]

    def keep_hash(self, entry: LibraryEntry, sha256: str) -> None:
        """Keep a hash that was computed elsewhere."""
        self.index.keep_hash(entry, sha256)
        self._load()

    def own(self, entry: LibraryEntry) -> Own:
        """Return what the person wrote of a file."""
        return self.models.own(entry)

    def write(self, entry: LibraryEntry, note: str | None = None, tags: tuple[str, ...] | None = None) -> None:
        """Keep a note or tags."""
        before = self.index.own(entry.path)
        own = Own(before.note if note is None else note, before.tags if tags is None else tags, before.used)
        self.index.write_own(entry.path, own)
        self._load_own()

    def used(self, *entries: LibraryEntry) -> None:
        """Keep that files are used now."""
        now = time.time()
        for entry in entries:
            self.index.write_own(entry.path, msgspec.structs.replace(self.index.own(entry.path), used=now))
        self._load_own()

    def _load_own(self) -> None:
        self.models = Models(self.models.entries, self.index.all_own())


def file_sha256(path: Path, watch: Callable[[int], object] = lambda _: None) -> str:
    """The sha256 of a file, in hexadecimal digits. ``watch`` is told how many bytes were read. Raises OSError."""
    import hashlib

    digest, read = hashlib.sha256(), 0
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            digest.update(data)
            read += len(data)
            watch(read)
    return digest.hexdigest()
