"""Files that a command is asked to write: never in the place of what it reads, or of each other."""

from __future__ import annotations

from pathlib import Path

from nodeflow.cli.status import refuse


def check_apart(read: Path, *written: Path | None) -> None:
    """End the command where a file that it is to write is the one that it reads, or another that it is to write."""
    known = [read]
    for path in written:
        if path is None:
            continue
        if any(_same(path, other) for other in known):
            lost = "is what is read" if _same(path, read) else "is to hold something else too"
            refuse(f"{path} {lost}, which would be lost; name another file")
        known.append(path)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other) if one.exists() and other.exists() else one.resolve() == other.resolve()
    except (OSError, ValueError, RuntimeError):  # no path at all, which is told when it is opened
        return False
