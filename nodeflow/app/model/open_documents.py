"""Documents that are open in windows of this user, in any process: a small file each. No Qt."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from nodeflow.resources import data_folder
from nodeflow.system import lives, process_name


class OpenDocuments:
    """The documents of this process, told to others. Where that cannot be written, nobody is told."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or data_folder() / "open"
        self._owner = process_name(os.getpid())
        self._marks: dict[str, Path] = {}

    def tell(self, document: str, path: Path | None) -> None:
        """A document is that of a file now, or of none."""
        mark = None if path is None else self._folder / f"{_name(path)}-{self._owner}-{document}"
        before = self._marks.pop(document, None)
        with contextlib.suppress(OSError):
            if before is not None and before != mark:
                before.unlink(missing_ok=True)
            if mark is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
                mark.touch()
                self._marks[document] = mark

    def others(self, document: str, path: Path) -> int:
        """In how many other windows a file is open; what crashed processes left is removed."""
        count = 0
        with contextlib.suppress(OSError):
            for mark in self._folder.glob(f"{_name(path)}-*"):
                _, owner, name = mark.name.split("-", 2)
                if not lives(owner):
                    mark.unlink(missing_ok=True)
                elif name != document:
                    count += 1
        return count


def _name(path: Path) -> str:
    return hashlib.sha256(str(path.resolve()).encode(errors="surrogateescape")).hexdigest()[:32]
