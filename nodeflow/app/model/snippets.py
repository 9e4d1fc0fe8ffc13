"""Snippets: pieces of workflows that a person keeps under a name, one workflow file each in a folder. No Qt."""

from __future__ import annotations

import re
from pathlib import Path

from nodeflow import resources
from nodeflow.graph.io import files

_NAME = re.compile(r"[^/\\:*?\"<>|\x00-\x1f.][^/\\:*?\"<>|\x00-\x1f]{0,99}")
MAX_BYTES = 8 * 2**20


class Snippets:
    """The files of a folder, by their names."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or resources.data_folder() / "snippets"

    @staticmethod
    def can_be(name: str) -> bool:
        """Return whether a snippet can have this name on every system."""
        return bool(_NAME.fullmatch(name)) and not name.endswith(" ")

    def names(self) -> list[str]:
        """Return the names of what is there, in order."""
        try:
            return sorted((path.stem for path in self.folder.glob("*.json")), key=str.casefold)
        except OSError:
            return []

    def text(self, name: str) -> str:
        """Return a snippet as the text of a workflow file. Raises OSError where it cannot be read."""
        path = self.folder / f"{name}.json"
        if path.stat().st_size > MAX_BYTES:
            raise OSError(None, f"is larger than a snippet can be ({MAX_BYTES // 2**20} MiB)")
        return path.read_text(encoding="utf-8", errors="replace")

    def save(self, name: str, text: str) -> None:
        """Keep a piece of a workflow, in place of one of the same name. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        files.write_atomic(self.folder / f"{name}.json", text.encode())

    def remove(self, name: str) -> None:
        """Take a snippet away. Raises OSError."""
        (self.folder / f"{name}.json").unlink()
