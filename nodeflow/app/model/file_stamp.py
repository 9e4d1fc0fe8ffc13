"""Stamp of a file when we read or wrote it, so that another program's change to it is noticed. No Qt."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec


class FileStamp(msgspec.Struct, frozen=True):
    """The state of a file: what the system says of it, and a digest of what it holds."""

    size: int
    changed: int
    inode: int
    digest: bytes

    @classmethod
    def of(cls, path: Path) -> FileStamp | None:
        """Look at a file; None where it cannot be read."""
        try:
            status, data = path.stat(), path.read_bytes()
        except OSError:
            return None
        return cls(status.st_size, status.st_mtime_ns, status.st_ino, hashlib.sha256(data).digest())

    def still_holds(self, path: Path) -> bool:
        """Return whether a file holds what it did. One that is gone, or cannot be read, holds nothing that could be
        lost."""
        try:
            status = path.stat()
        except OSError:
            return True
        found = (status.st_size, status.st_mtime_ns, status.st_ino)
        if found == (self.size, self.changed, self.inode):
            return True
        now = FileStamp.of(path)
        return now is None or now.digest == self.digest
