"""Finding a model by what a shared workflow calls it: a path, a name in any folder, or a hash."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from nodeflow.library.entries import Entry

HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{8,64})")
SUFFIXES = ".safetensors", ".gguf", ".ckpt", ".pt", ".pth", ".bin", ".sft"


def plain(name: str) -> str:
    """A name without the differences that do not count: slashes of Windows, case, and quotation marks."""
    return name.strip(" \t\r\n'\"").replace("\\", "/").strip("/").casefold()


def matches(entries: Iterable[Entry], name: str) -> list[Entry]:
    """The files that a name may stand for, by the strictest reading that finds any: its whole path below a folder, its
    name with its last folders, its file name, that without its suffix (a converted file), its hash. Those that are gone
    are left out."""
    wanted = plain(name)
    if not wanted:
        return []
    present = [(plain(entry.name), entry) for entry in entries if not entry.gone]
    bare, last = without_suffix(wanted), wanted.rpartition("/")[2]
    readings = (
        [entry for known, entry in present if known == wanted],
        [entry for known, entry in present if known.endswith("/" + wanted) or _path(entry).endswith("/" + wanted)],
        [entry for known, entry in present if known.rpartition("/")[2] == last],
        [entry for known, entry in present if without_suffix(known) == bare],
        [entry for known, entry in present if without_suffix(known.rpartition("/")[2]) == without_suffix(last)],
        by_hash((entry for _, entry in present), name),
    )
    return next((found for found in readings if found), [])


def by_hash(entries: Iterable[Entry], text: str) -> list[Entry]:
    """Files by their sha256 or its beginning, as far as it was computed."""
    found = HASH.fullmatch(text.strip())
    if found is None:
        return []
    digits = found[1].lower()
    return [entry for entry in entries if entry.sha256 and entry.sha256.startswith(digits) and not entry.gone]


def near(entries: Iterable[Entry], name: str, most: int = 3) -> list[str]:
    """Names that are much like one that is not there."""
    names = {plain(entry.name).rpartition("/")[2]: entry.name for entry in entries if not entry.gone}
    return [names[one] for one in get_close_matches(plain(name).rpartition("/")[2], list(names), most, 0.75)]


def without_suffix(name: str) -> str:
    """A name without the ending of a weights file."""
    return next((name[: -len(one)] for one in SUFFIXES if name.endswith(one)), name)


def _path(entry: Entry) -> str:
    return plain(entry.path)
