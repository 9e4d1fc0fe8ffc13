"""Folders that the service may read and write, and paths inside them. Nothing outside is ever named or opened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple

TEMP = "temp"
"""The folder below the one for results in which previews lie."""
KINDS = ("input", "output", TEMP)
"""What ComfyUI calls its three folders."""


class OutsideError(ValueError):
    """One sentence: why a path is not served."""


class FilePlace(NamedTuple):
    """A file as ComfyUI's interface names it."""

    filename: str
    subfolder: str
    type: str


class ServedFolders(NamedTuple):
    """Where scripts put images to be read, and where results go."""

    input: Path
    output: Path

    def root(self, kind: str) -> Path:
        """Return a folder by ComfyUI's name for it. Raises OutsideError for another name."""
        if kind not in KINDS:
            raise OutsideError(f"there is no folder {kind!r}; type is one of {', '.join(KINDS)}")
        return self.input if kind == "input" else self.output / TEMP if kind == TEMP else self.output

    def file(self, kind: str, subfolder: str, name: str) -> Path:
        """Return the path of a file in a folder, links followed. Raises OutsideError where it lies elsewhere."""
        if not name or name != bare(name):
            raise OutsideError(f"{name!r} is no name of a file; give the folder as subfolder")
        return within(self.root(kind), "/".join(filter(None, (subfolder.replace("\\", "/"), name))))

    def place(self, path: Path) -> FilePlace | None:
        """Return how a result is named; None where it lies elsewhere."""
        for kind in (TEMP, "output"):
            root = self.root(kind).resolve()
            if path.resolve().is_relative_to(root):
                inside = path.resolve().relative_to(root)
                folder = inside.parent.as_posix()
                return FilePlace(inside.name, "" if folder == "." else folder, kind)
        return None


def bare(name: str) -> str:
    """Return the last part of a path of any system; empty where it names none."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return "" if last.startswith(".") or "\0" in last or ":" in last else last


def within(root: Path, inside: str) -> Path:
    """Return a path below a folder, links followed. Raises OutsideError where it leaves the folder."""
    if allowed(inside, root, ()):
        return (root / inside).resolve()
    raise OutsideError(f"{inside!r} is not inside the folder that is served")


def allowed(path: str, base: Path, others: Iterable[Path]) -> bool:
    """Tell whether a path, relative to ``base`` or absolute, lies in it or in one of the other folders."""
    if path.startswith("~") or "\0" in path:
        return False
    try:
        found = (base / path.replace("\\", "/")).resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, or no path at all
        return False
    drive = PureWindowsPath(path).drive
    return not (drive and not Path(path).drive) and any(
        found.is_relative_to(root.resolve()) for root in (base, *others)
    )
