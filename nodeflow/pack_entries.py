"""Entry points of the node packs that are installed, read without importing any; what cannot be read is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "nodeflow.nodes"
MODULE = re.compile(r"\w+(\.\w+)*(:\w+(\.\w+)*)?(\s*\[.*\])?")
"""What an entry point may name: a module, and perhaps something in it."""


class PackEntries(NamedTuple):
    """The packs' entry points, and a sentence for each that is none, or whose installation is damaged."""

    found: list[EntryPoint]
    troubles: dict[str, str]


def pack_entries() -> PackEntries:
    """The packs that are installed, the built-in one among them."""
    from importlib.metadata import entry_points  # takes long to load, and is not needed to show what is known

    troubles: dict[str, str] = {}
    try:
        listed = list(entry_points(group=GROUP))
    except Exception:  # one damaged installation, of whatever package, keeps the library from telling of any
        listed = list(_one_by_one(troubles))
    good = [entry for entry in listed if MODULE.fullmatch(entry.value)]
    for entry in listed:
        if entry not in good:
            troubles[entry.name] = f"the node pack {entry.name!r} does not load: it names no module ({entry.value!r})"
    return PackEntries(good, troubles)


def _one_by_one(troubles: dict[str, str]) -> Iterator[EntryPoint]:
    """The entry points of all distributions whose files can be read, the first of each name."""
    from importlib.metadata import distributions

    seen: set[str] = set()
    for distribution in distributions():
        try:
            listed = [entry for entry in distribution.entry_points if entry.group == GROUP]
            name = distribution.name
        except Exception:  # of half a dozen kinds, by what is wrong with its files
            place = str(getattr(distribution, "_path", "a package"))
            troubles[place] = f"{place} is damaged, so that its node packs are not known; install it again"
            continue
        if name not in seen:
            seen.add(name)
            yield from listed


def pack_versions() -> dict[str, str]:
    """Return the versions of all packs by name; that of the built-in one is the program's."""
    from nodeflow import __version__

    found = pack_entries().found
    return {one.name: __version__ if one.value == "nodes" else one.dist.version if one.dist else "0" for one in found}


MAX_REASON = 200
"""Letters of what a pack's error says."""


def one_line(error: BaseException) -> str:
    """What an error of other people's code says, as a part of a sentence."""
    try:
        told = str(error)
    except Exception:  # its own text is code of the pack, too
        told = ""
    line = next((part.strip() for part in told.splitlines() if part.strip()), "")
    line = line if len(line) <= MAX_REASON else line[:MAX_REASON].rstrip() + "…"
    return line.encode(errors="replace").decode() or f"it raises {type(error).__name__} without a word"
