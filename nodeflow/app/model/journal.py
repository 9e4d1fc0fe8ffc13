"""Recovery after a crash: what is changed and not saved is kept in a folder of ours, never in the user's file. No Qt.

One file a document, named by the process that works on it: a line of JSON about it, then the workflow as its file
would be. A document that is saved or closed takes its file away; one whose process is gone was lost in a crash.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from nodeflow.graph.io.files import write_atomic
from nodeflow.resources import data_folder
from nodeflow.system import lives, process_name


class JournalEntry(msgspec.Struct, frozen=True):
    """A document as it stood last: its name, the file it belongs to (empty for none), and when, in seconds."""

    name: str
    source: str = ""
    base: str = ""
    time: float = 0.0


class Journal:
    """The recovery files of this process, and those that crashed processes left."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or data_folder() / "recovery"
        self._owner = process_name(os.getpid())

    def write(self, document: str, entry: JournalEntry, workflow: bytes) -> None:
        """Keep a document as it stands. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self._path(document), msgspec.json.encode(entry) + b"\n" + workflow)

    def forget(self, document: str) -> None:
        """A document is saved or closed."""
        self._path(document).unlink(missing_ok=True)

    def lost(self) -> list[Path]:
        """The files of processes that are gone, the latest first."""
        found = (
            [path for path in self.folder.glob("*.json") if not lives(path.name.partition("-")[0])]
            if self.folder.is_dir()
            else []
        )
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)

    def _path(self, document: str) -> Path:
        return self.folder / f"{self._owner}-{document}.json"


def read(path: Path) -> tuple[JournalEntry, bytes]:
    """Return what a recovery file holds. Raises OSError, and ValueError for a file that is none."""
    head, _, workflow = path.read_bytes().partition(b"\n")
    try:
        return msgspec.json.decode(head, type=JournalEntry), workflow
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None
