"""Whether files and folders can be reached: a disk may be unplugged, a share be without connection, a folder forbidden.

Python's own questions raise OSError for what cannot be asked; here that is a no.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def is_folder(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return path.is_dir()
    return False


def is_file(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return path.is_file()
    return False


def is_there(path: Path) -> bool:
    """Return whether there is a file or a folder."""
    with contextlib.suppress(OSError):
        return path.exists()
    return False


def names_in(folder: Path) -> list[str] | None:
    """The names of what lies in a folder; None where it cannot be looked into."""
    with contextlib.suppress(OSError):
        return os.listdir(folder)  # noqa: PTH208 (names alone)
    return None


def holds_something(place: Path) -> bool:
    """Return whether it is a file, or a folder with something in it: that of an unplugged disk may stay, empty."""
    return is_file(place) or bool(names_in(place))
