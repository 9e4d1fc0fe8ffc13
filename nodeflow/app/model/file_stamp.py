"""Stamp of a file when we read or wrote it, so that another program's change to it is noticed. No Qt."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec


class FileStamp(msgspec.Struct, frozen=True):
    """The state of a file: what the system says of it, and a digest of what it holds."""

    size: int
    changed: int
    inode: int
    touched: int
    """When anything about it changed last, which no program can set back."""
    digest: bytes

    @classmethod
    def of(cls, path: Path) -> FileStamp | None:
        """Look at a file; None where it cannot be read."""
        try:
            status, data = path.stat(), path.read_bytes()
        except OSError:
            return None
        return cls(*_signs(status), hashlib.sha256(data).digest())

    def still_holds(self, path: Path) -> bool:
        """Return whether a file holds what it did. One that is gone, or cannot be read, holds nothing that could be
        lost."""
        try:
            status = path.stat()
        except OSError:
            return True
        if _signs(status) == (self.size, self.changed, self.inode, self.touched):
            return True
        now = FileStamp.of(path)
        return now is None or now.digest == self.digest


def _signs(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns


def same_file(one: Path | None, other: Path) -> bool:
    """Return whether two paths lead to one file, through links or not."""
    return one is not None and (one == other or os.path.realpath(one) == os.path.realpath(other))
