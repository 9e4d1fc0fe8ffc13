"""Marker of the pack being imported: a file that is left where its import ends the process, for the next one."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import time
from pathlib import Path

import msgspec

from nodeflow.resources import data_folder
from nodeflow.system import lives, process_name

MAX_DEATHS = 2
"""A pack whose import ended so many processes one after the other is left out: one may have been killed by anybody."""
FORGIVEN_SECONDS = 86_400
"""After which a pack is tried again, as it is at once when it changed."""


class Marker(msgspec.Struct):
    """A pack in the state in which it was imported, by which process, and how often that ended one."""

    stamp: str
    owner: str
    deaths: int = 0


class PackMarkers:
    """The markers of this user's packs. Where they cannot be written, nothing is left out."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or data_folder() / "packs"
        self._owner = process_name(os.getpid())
        self._current: Path | None = None

    def ended_processes(self, entry: importlib.metadata.EntryPoint) -> bool:
        """Return whether importing a pack, as it stands, ends the process."""
        found = self._read(entry)
        return found is not None and found.deaths >= MAX_DEATHS

    def begin(self, entry: importlib.metadata.EntryPoint) -> None:
        """A pack is about to be imported."""
        found = self._read(entry)
        marker = Marker(_stamp(entry), self._owner, found.deaths if found else 0)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._current = self._path(entry)
            self._current.write_bytes(msgspec.json.encode(marker))

    def end(self) -> None:
        """It is imported, or the process ends for another reason."""
        if self._current is not None:
            with contextlib.suppress(OSError):
                self._current.unlink(missing_ok=True)
            self._current = None

    def _read(self, entry: importlib.metadata.EntryPoint) -> Marker | None:
        """Return what an earlier process left about a pack as it stands; its death is counted."""
        path = self._path(entry)
        try:
            if path.stat().st_mtime < time.time() - FORGIVEN_SECONDS:
                return None
            found = msgspec.json.decode(path.read_bytes(), type=Marker)
            if found.stamp != _stamp(entry) or (found.owner and lives(found.owner)):
                return None
            if found.owner:  # it died meanwhile
                found = Marker(found.stamp, "", found.deaths + 1)
                path.write_bytes(msgspec.json.encode(found))
            return found
        except (OSError, msgspec.MsgspecError):
            return None

    def _path(self, entry: importlib.metadata.EntryPoint) -> Path:
        return self._folder / f"{entry.value.replace(':', '-').replace('/', '-')}.json"


def _stamp(entry: importlib.metadata.EntryPoint) -> str:
    """The version of a pack and the time of its file."""
    version = ""
    with contextlib.suppress(ImportError, ValueError, OSError):
        version = (entry.dist.version if entry.dist else "") or ""
        spec = importlib.util.find_spec(entry.module.partition(".")[0])
        if spec is not None and spec.origin:
            return f"{version} {Path(spec.origin).stat().st_mtime_ns}"
    return version
