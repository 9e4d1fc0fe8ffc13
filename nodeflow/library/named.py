"""Look-up of a model by the library's name for it, for whoever runs a workflow."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from nodeflow.library.entries import LibraryEntry
from nodeflow.library.folders import folder_named, hub_cache, library_roots
from nodeflow.library.library import Library
from nodeflow.library.lookup import near
from nodeflow.library.missing import away
from nodeflow.library.reach import is_file, is_folder, is_there

LOOK_AGAIN_SECONDS = 5.0
"""How soon the disks are looked at again for a name that was not found."""


class AmbiguousNameError(Exception):
    """A name that several different files have; its text is a sentence that lists them."""


class _Finder:
    """One process's library, opened when a name is asked for that is neither a path nor a hub id."""

    def __init__(self) -> None:
        self._library: Library | None = None
        self._looked = 0.0

    def find(self, name: str) -> list[LibraryEntry]:
        library = self._opened()
        found = _reachable(library, name)
        if not found and self._is_time():
            library.refresh()
            found = _reachable(library, name)
        return found

    def of(self, kind: str, families: Sequence[str]) -> list[LibraryEntry]:
        """Files of a kind and of one of the families, those of the first family first."""
        library = self._opened()
        if not (found := _fitting(library.entries, kind, families)) and self._is_time():
            library.refresh()
            found = _fitting(library.entries, kind, families)
        return found

    def _is_time(self) -> bool:
        """Return whether the disks may be looked at again, and count this as a look."""
        long_ago = time.monotonic() - self._looked > LOOK_AGAIN_SECONDS
        self._looked = time.monotonic() if long_ago else self._looked
        return long_ago

    def signature(self, kinds: Sequence[str]) -> str:
        """Stands for all files of these kinds that are known, as they are now."""
        library = self._opened()
        if not library.entries and self._is_time():
            library.refresh()
        told = [f"{one.path}\t{_state(Path(one.path))}" for one in library.entries if one.found.kind in kinds]
        return hashlib.blake2b("\n".join(told).encode(errors="surrogateescape"), digest_size=8).hexdigest()

    def near(self, name: str) -> list[str]:
        return near(self._opened().entries, name)

    def away(self, name: str) -> str:
        return away(self._opened().find(name))

    def _opened(self) -> Library:
        if self._library is None:
            self._library = Library()
            self._looked = time.monotonic() - 2 * LOOK_AGAIN_SECONDS
        return self._library


def _reachable(library: Library, name: str) -> list[LibraryEntry]:
    """Without the repositories in the hub's cache: a hub id is another kind of name, which says its revision too."""
    hub = str(hub_cache())
    return [
        entry
        for entry in library.find(name)
        if is_there(Path(entry.path)) and not (entry.root == hub and is_folder(Path(entry.path)))
    ]


def _state(path: Path) -> str:
    """Changes with a file; empty where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"


def _fitting(entries: Sequence[LibraryEntry], kind: str, families: Sequence[str]) -> list[LibraryEntry]:
    """Without folders, and what is gone or lacks blocks."""
    found = [
        entry
        for entry in entries
        if entry.found.kind == kind
        and entry.found.family in families
        and not entry.found.lost
        and is_file(Path(entry.path))
    ]
    return sorted(found, key=lambda one: (list(families).index(one.found.family), one.name.casefold()))


@cache
def _finder(data: str) -> _Finder:
    return _Finder()


def _of_user() -> _Finder:
    from nodeflow.resources import data_folder

    return _finder(str(data_folder()))


def library_path(name: str) -> Path | None:
    """The file or folder that a name of the library stands for; None where there is none, or no folder is named.

    Raises AmbiguousNameError where different files have it.
    """
    if not name.strip() or not library_roots():
        return None
    if "/" in name and (folder := folder_named(name)) is not None:
        return folder
    found = _of_user().find(name)
    if not found:
        return None
    if len({entry.found.bytes for entry in found}) > 1:
        listed = ", ".join(entry.name for entry in found[:3])
        raise AmbiguousNameError(f"{len(found)} different models are called {name}: {listed}; name one with its folder")
    return Path(found[0].path)


def out_of_reach(name: str) -> str:
    """Return the library's folder that models of a name lie in, where it cannot be reached now; else empty."""
    return _of_user().away(name) if library_roots() else ""


PartsOf = Callable[[str, Sequence[str]], Sequence[tuple[str, Path]]]
"""Gives the library's files of a kind and of one of the families, by name; those of the first family first."""


def parts_among(entries: Sequence[LibraryEntry]) -> PartsOf:
    """What gives such files of entries that are known."""
    return lambda kind, families: [(one.name, Path(one.path)) for one in _fitting(entries, kind, families)]


def files_of(kind: str, families: Sequence[str]) -> list[tuple[str, Path]]:
    """The library's files of a kind and of one of the families, by name; those of the first family first."""
    if not library_roots():
        return []
    return [(entry.name, Path(entry.path)) for entry in _of_user().of(kind, families)]


PARTS = "text encoder", "vae"
"""Kinds of what models are completed by."""


def parts_signature() -> str:
    """Stands for the parts that models are completed by: another as soon as one of these files is another, or gone."""
    return _of_user().signature(PARTS) if library_roots() else ""


def names_near(name: str) -> list[str]:
    """Names in the library that are much like one that is not there."""
    return _of_user().near(name) if library_roots() else []
