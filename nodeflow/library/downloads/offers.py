"""What is to be fetched, as it is shown before anything is: files, sizes, licence."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import msgspec


class DownloadError(Exception):
    """Why something cannot be fetched, as one sentence."""


class RemoteFile(msgspec.Struct, frozen=True):
    """A file on the net. ``name``: its path below the target folder; ``size`` in bytes, ``sha256`` empty if unknown."""

    url: str
    name: str
    size: int = 0
    sha256: str = ""


class Offer(msgspec.Struct, frozen=True):
    """Hold what a source offers. ``folder``: what a folder for it is called, below the folder of models."""

    title: str
    files: tuple[RemoteFile, ...]
    licence: str = ""
    page: str = ""
    folder: str = ""
    value: str = ""
    """What a workflow calls it once it is here."""

    @property
    def size(self) -> int:
        """Return the bytes of all files, as far as they are known."""
        return sum(file.size for file in self.files)


def safe_name(name: str) -> str:
    """Return a relative path that stays below its folder. Raises DownloadError for any other."""
    path = PurePosixPath(name.replace("\\", "/"))
    strange = any(part in ("", ".", "..") or part.startswith("~") or ":" in part or "\0" in part for part in path.parts)
    if not path.parts or path.is_absolute() or strange:
        raise DownloadError(f"the source names a file {name[:60]!r}, which is no name for one")
    return str(path)


def target_of(file: RemoteFile, folder: Path) -> Path:
    """Return where a file goes. Raises DownloadError where that would lie outside the folder."""
    return folder / safe_name(file.name)
