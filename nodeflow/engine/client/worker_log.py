"""Log of the worker's standard output and error: a file of bounded size."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from nodeflow.resources import data_folder

MAX_BYTES = 1_000_000
"""A file that grows past this becomes the old one, and the old one goes."""
MAX_LOGS = 5
"""Logs that are kept, one for each process that had a worker."""


class WorkerLog:
    """The log of this process's workers, at most two files of MOST_BYTES. Where it cannot be written it is lost."""

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or data_folder() / "log") / f"engine-{os.getpid()}.log"
        self._size = 0
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(b"")
            logs = sorted(self.path.parent.glob("engine-*.log"), key=lambda log: log.stat().st_mtime)
            for log in logs[:-MAX_LOGS]:
                log.unlink(missing_ok=True)
                _old(log).unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Add to the log."""
        with contextlib.suppress(OSError):
            if self._size + len(data) > MAX_BYTES:
                self.path.replace(_old(self.path))
                self._size = 0
            with self.path.open("ab") as file:
                file.write(data[-MAX_BYTES:])
            self._size += len(data[-MAX_BYTES:])


def _old(path: Path) -> Path:
    return path.with_suffix(".old")
