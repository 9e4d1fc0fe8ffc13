"""The models that are known at one moment: searched, found by name, and told apart by what they fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from nodeflow.library.entries import LibraryEntry, Own
from nodeflow.library.lookup import Names, plain

NOTHING_OWN = Own()


class Models:
    """Hold entries with what a person wrote of them. It never changes, so that any thread may ask it.

    What is searched and found by is made when first asked for, so that a start is quick.
    """

    def __init__(self, entries: Iterable[LibraryEntry] = (), own: Mapping[str, Own] | None = None) -> None:
        self.entries = list(entries)
        self._own = dict(own or {})

    def own(self, entry: LibraryEntry) -> Own:
        """Return what the person wrote of a file."""
        return self._own.get(entry.path, NOTHING_OWN)

    def search(self, text: str = "", kind: str = "", family: str = "") -> list[LibraryEntry]:
        """Entries that hold every word of a text in their name, kind, family, title, trigger words, tags or note."""
        found = [self.entries[number] for number in self.matching(text)]
        if kind or family:
            found = [one for one in found if one.found.kind == (kind or one.found.kind)]
            found = [one for one in found if one.found.family == (family or one.found.family)]
        return found

    def matching(self, text: str) -> Sequence[int]:
        """The numbers of the entries that hold every word of a text."""
        left: Sequence[int] = range(len(self.entries))
        for word in text.casefold().split():
            left = [number for number in left if word in self._texts[number]]
        return left

    def find(self, name: str) -> list[LibraryEntry]:
        """Return what a name may stand for; see `lookup.Names`."""
        return self._names.find(name)

    def at(self, path: str) -> LibraryEntry | None:
        """Return the entry of a path; None where it is not in the library."""
        return self._by_path.get(path)

    def reference(self, entry: LibraryEntry) -> str:
        """Return what a workflow calls a file: its name in the library, its path where others have that name too."""
        found = self.find(entry.name)
        return entry.name if [one.path for one in found] == [entry.path] else entry.path

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds there are, in the order of the alphabet."""
        return sorted({entry.found.kind for entry in self.entries if entry.found.kind})

    @cached_property
    def families(self) -> list[str]:
        """The families there are, in the order of the alphabet."""
        return sorted({entry.found.family for entry in self.entries if entry.found.family})

    @cached_property
    def _by_path(self) -> dict[str, LibraryEntry]:
        return {entry.path: entry for entry in self.entries}

    @cached_property
    def _names(self) -> Names:
        return Names(self.entries)

    @cached_property
    def _texts(self) -> list[str]:
        return [_search_text(entry, self._own.get(entry.path, NOTHING_OWN)) for entry in self.entries]


def _search_text(entry: LibraryEntry, own: Own) -> str:
    found = entry.found
    told = (plain(entry.name), found.kind, found.family, entry.title, *entry.triggers, *own.tags, own.note)
    return " ".join(told).casefold()
