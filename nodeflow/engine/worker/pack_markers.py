"""Markers of packs: files that are left where one ends the process that starts, for the next one."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import time
from pathlib import Path

import msgspec

from nodeflow.damaged_files import UNREADABLE
from nodeflow.resources import data_folder
from nodeflow.system import lives, process_name
from nodeflow.unfinished_files import remove_left_over, unfinished

MAX_DEATHS = 2
"""A pack whose import ended so many processes one after the other is left out: one may have been killed by anybody."""
FORGIVEN_SECONDS = 86_400
"""After which a pack is tried again, as it is at once when it changed."""


class Marker(msgspec.Struct):
    """A pack in the state in which it is or was ``imported``, by which process, and how often that ended one."""

    stamp: str
    owner: str
    deaths: int = 0
    imported: bool = False


class PackMarkers:
    """The markers of this user's packs. Where they cannot be written, nothing is left out.

    A process that ends while it imports a pack was ended by that one. One that ends later, before it was up, was ended
    by any of those that it had imported: a thread of theirs, say.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or data_folder() / "packs"
        self._owner = process_name(os.getpid())
        self._mine: set[Path] = set()
        self._blame()

    def ended_processes(self, entry: importlib.metadata.EntryPoint) -> bool:
        """Return whether importing a pack, as it stands, ends the process."""
        found = self._read(entry)
        return found is not None and found.deaths >= MAX_DEATHS

    def begin(self, entry: importlib.metadata.EntryPoint) -> None:
        """A pack is about to be imported."""
        found = self._read(entry)
        self._write(self._path(entry), Marker(_stamp(entry), self._owner, found.deaths if found else 0))

    def imported(self, entry: importlib.metadata.EntryPoint) -> None:
        """It is; what it has begun may still end the process."""
        found = _marker(self._path(entry)) if self._path(entry) in self._mine else None
        if found is not None:
            found.imported = True
            self._write(self._path(entry), found)

    def end(self, entry: importlib.metadata.EntryPoint | None = None) -> None:
        """A pack, or without one all, have ended nothing: the process is up, or ends for another reason."""
        for path in [*self._mine] if entry is None else [self._path(entry)]:
            self._mine.discard(path)
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _write(self, path: Path, marker: Marker) -> None:
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._mine.add(path)
            _put(path, marker)

    def _blame(self) -> None:
        """Count the deaths of processes that left markers: against the pack that was being imported, if any was."""
        remove_left_over(self._folder)
        left: dict[str, dict[Path, Marker]] = {}
        for path in self._folder.glob("*.json"):
            found = _marker(path)
            if found is not None and found.owner and not lives(found.owner):
                left.setdefault(found.owner, {})[path] = found
        for markers in left.values():
            importing = {path for path, found in markers.items() if not found.imported}
            for path, found in markers.items():
                with contextlib.suppress(OSError):
                    if importing and path not in importing:
                        path.unlink(missing_ok=True)
                    else:
                        _put(path, Marker(found.stamp, "", found.deaths + 1))

    def _read(self, entry: importlib.metadata.EntryPoint) -> Marker | None:
        """Return what earlier processes left about a pack as it stands."""
        path = self._path(entry)
        try:
            if path.stat().st_mtime < time.time() - FORGIVEN_SECONDS:
                return None
        except OSError:
            return None
        found = _marker(path)
        return None if found is None or found.stamp != _stamp(entry) or found.owner else found

    def _path(self, entry: importlib.metadata.EntryPoint) -> Path:
        return self._folder / f"{entry.value.replace(':', '-').replace('/', '-')}.json"


def _marker(path: Path) -> Marker | None:
    """What stands in a marker; None for one that cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Marker)
    except (OSError, *UNREADABLE):
        return None


def _put(path: Path, marker: Marker) -> None:
    """Write a marker whole: the pack may end the process at any moment, and the deaths that it has cost stay counted.
    Raises OSError."""
    with unfinished(path.parent, msgspec.json.encode(marker)) as temporary:
        temporary.replace(path)


def _stamp(entry: importlib.metadata.EntryPoint) -> str:
    """The version of a pack and the time of its file."""
    version = ""
    with contextlib.suppress(ImportError, ValueError, OSError):
        version = (entry.dist.version if entry.dist else "") or ""
        spec = importlib.util.find_spec(entry.module.partition(".")[0])
        if spec is not None and spec.origin:
            return f"{version} {Path(spec.origin).stat().st_mtime_ns}"
    return version
