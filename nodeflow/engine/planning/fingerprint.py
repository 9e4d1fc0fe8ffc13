"""Fingerprints of what a node reads: the same as long as the file or folder stands as it was."""

from __future__ import annotations

import os
from pathlib import Path

MAX_FILES = 10_000


def fingerprint(path: Path) -> str:
    """Size and time of change of a file; of a folder, those of all files in it, by their relative path."""
    if not path.is_dir():
        status = path.stat()
        return f"{status.st_size}:{status.st_mtime_ns}"
    found: list[str] = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file():
                status = file.stat()
                found.append(f"{file.relative_to(path).as_posix()}:{status.st_size}:{status.st_mtime_ns}")
        if len(found) > MAX_FILES:
            break
    return "\n".join(found)
