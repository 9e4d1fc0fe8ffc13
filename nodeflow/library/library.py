"""The model library: what lies in the person's folders, kept up to date, searched, and found by name."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from nodeflow.library.entries import Entry, Own
from nodeflow.library.folders import Root, library_roots
from nodeflow.library.index import Index
from nodeflow.library.lookup import Names, plain
from nodeflow.library.scan import Scanned, Watch, scan

CHUNK = 1 << 22


class Library:
    """The models that a person has. Opening it reads the index; `refresh` looks at the disks."""

    def __init__(self, index: Index | None = None) -> None:
        self.index = index or Index()
        self.entries: list[Entry] = []
        self._texts: list[str] = []
        self._names = Names([])
        self._load()

    def _load(self) -> None:
        """What is searched and found by is made when first asked for, so that a start is quick."""
        self.entries = self.index.entries()
        self._texts = []
        self._names = Names(self.entries)

    def close(self) -> None:
        self.index.close()

    def refresh(self, roots: list[Root] | None = None, watch: Watch | None = None) -> Scanned:
        """Look through the folders; entries of folders that nobody names any more are dropped."""
        chosen = library_roots() if roots is None else roots
        found = scan(self.index, chosen, watch)
        if roots is None:
            places = {str(root.path) for root in chosen}
            self.index.forget(entry.path for entry in self.entries if entry.root not in places)
        self._load()
        return found

    def search(self, text: str = "", kind: str = "", family: str = "") -> list[Entry]:
        """Entries that hold every word of a text in their name, kind, family, title or trigger words."""
        words = text.casefold().split()
        self._texts = self._texts or [_search_text(entry) for entry in self.entries]
        left: Sequence[int] = range(len(self.entries))
        for word in words:
            left = [number for number in left if word in self._texts[number]]
        found = [self.entries[number] for number in left]
        if kind or family:
            found = [one for one in found if one.found.kind == (kind or one.found.kind)]
            found = [one for one in found if one.found.family == (family or one.found.family)]
        return found

    def find(self, name: str) -> list[Entry]:
        """Return what a name may stand for; see `lookup.Names`."""
        return self._names.find(name)

    def sha256(self, entry: Entry) -> str:
        """The hash of a file, computed once for as long as it stands as it is. Raises OSError."""
        if entry.sha256:
            return entry.sha256
        digest = file_sha256(Path(entry.path))
        self.index.keep_hash(entry, digest)
        self._load()
        return digest

    def duplicates(self) -> list[list[Entry]]:
        """Files that are the same: of one size, and of one hash, which is computed for them alone."""
        sizes: dict[int, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if not entry.gone and Path(entry.path).is_file():
                sizes[entry.found.bytes].append(entry)
        same: dict[str, list[Entry]] = defaultdict(list)
        for group in sizes.values():
            if len(group) > 1 and group[0].found.bytes:
                for entry in group:
                    same[self.sha256(entry)].append(entry)
        return [group for group in same.values() if len(group) > 1]

    def own(self, entry: Entry) -> Own:
        """Return what the person wrote of a file."""
        return self.index.own(entry.path)

    def write(self, entry: Entry, note: str | None = None, tags: tuple[str, ...] | None = None) -> None:
        """Keep a note or tags."""
        before = self.index.own(entry.path)
        own = Own(before.note if note is None else note, before.tags if tags is None else tags, before.used)
        self.index.write_own(entry.path, own)

    def used(self, entry: Entry) -> None:
        """Keep that a file is used now."""
        self.index.write_own(entry.path, msgspec.structs.replace(self.index.own(entry.path), used=time.time()))


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal digits. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            digest.update(data)
    return digest.hexdigest()


def _search_text(entry: Entry) -> str:
    found = entry.found
    return " ".join([plain(entry.name), found.kind, found.family, entry.title, *entry.triggers]).casefold()
