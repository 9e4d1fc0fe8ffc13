"""Finding a model by what a shared workflow calls it: a path, a name in any folder, or a hash."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from nodeflow.library.entries import LibraryEntry

HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{8,64})")
SUFFIXES = ".safetensors", ".gguf", ".ckpt", ".pt", ".pth", ".bin", ".sft"


def plain(name: str) -> str:
    """A name without the differences that do not count: slashes of Windows, case, and quotation marks."""
    return name.strip(" \t\r\n'\"").replace("\\", "/").strip("/").casefold()


class Names:
    """The names of files, ready to be asked for many of them."""

    def __init__(self, entries: Iterable[LibraryEntry]) -> None:
        self._entries = entries

    @cached_property
    def _present(self) -> list[LibraryEntry]:
        return [entry for entry in self._entries if not entry.gone]

    @cached_property
    def _by_file(self) -> dict[str, list[tuple[str, LibraryEntry]]]:
        """Files by their own name without its suffix, each with its whole name."""
        found: dict[str, list[tuple[str, LibraryEntry]]] = defaultdict(list)
        for entry in self._present:
            name = plain(entry.name)
            found[without_suffix(name.rpartition("/")[2])].append((name, entry))
        return dict(found)

    def find(self, name: str) -> list[LibraryEntry]:
        """The files that a name may stand for, by the strictest reading that finds any: its whole path below a folder,
        its name with its last folders, its file name, that without its suffix (a converted file), its hash. Those that
        are gone are left out."""
        wanted = plain(name)
        if not wanted:
            return []
        last = wanted.rpartition("/")[2]
        alike = self._by_file.get(without_suffix(last), [])
        if not alike and "/" in wanted:  # the id of a repository has no file name
            alike = [(plain(entry.name), entry) for entry in self._present if plain(entry.name) == wanted]
        readings = (
            [entry for known, entry in alike if known == wanted],
            [entry for known, entry in alike if plain(entry.path).endswith("/" + wanted)],
            [entry for known, entry in alike if without_suffix(known) == without_suffix(wanted)],
            [entry for known, entry in alike if known.rpartition("/")[2] == last],
            [entry for _, entry in alike],
        )
        return next((found for found in readings if found), None) or by_hash(self._present, name)


def by_hash(entries: Iterable[LibraryEntry], text: str) -> list[LibraryEntry]:
    """Files by their sha256 or its beginning, as far as it was computed."""
    found = HASH.fullmatch(text.strip())
    if found is None:
        return []
    digits = found[1].lower()
    return [entry for entry in entries if entry.sha256 and entry.sha256.startswith(digits) and not entry.gone]


def near(entries: Iterable[LibraryEntry], name: str, most: int = 3) -> list[str]:
    """Names that are much like one that is not there."""
    from difflib import get_close_matches

    names = {plain(entry.name).rpartition("/")[2]: entry.name for entry in entries if not entry.gone}
    return [names[one] for one in get_close_matches(plain(name).rpartition("/")[2], list(names), most, 0.75)]


def without_suffix(name: str) -> str:
    """A name without the ending of a weights file."""
    return next((name[: -len(one)] for one in SUFFIXES if name.endswith(one)), name)
