"""Files that are being written: beside their place, under a name of the process that writes them.

So a reader sees a file whole or not at all, and what a killed process left is known by its name, and removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodeflow.system import lives, process_name

NAME = re.compile(r"\.nodeflow-(\d+_\d+)-\w+\.part")
MAX_ENTRIES = 50_000
"""Entries of a folder that are looked at."""


@contextmanager
def unfinished(folder: Path, data: bytes, sync: bool = False) -> Iterator[Path]:
    """A new file in a folder that holds the data, to be renamed; gone afterwards where it still is there.

    ``sync``: it is on the disk before anything else happens. Raises OSError.
    """
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".nodeflow-{process_name(os.getpid())}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        yield Path(name)
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink(missing_ok=True)


def remove_left_over(folder: Path, below: bool = True) -> int:
    """Remove what killed processes left in a folder, ``below`` in all folders inside too; how many files went."""
    removed = seen = 0
    for place, folders, names in os.walk(folder):
        seen += len(names) + len(folders)
        for name in names:
            found = NAME.fullmatch(name)
            if found is not None and not lives(found[1]):
                with contextlib.suppress(OSError):
                    Path(place, name).unlink()
                    removed += 1
        if not below or seen > MAX_ENTRIES:
            break
    return removed
