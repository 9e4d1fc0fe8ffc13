"""Recognition of folders and files for the loaders, from headers alone. Raises NodeError for what cannot be read."""

from __future__ import annotations

from pathlib import Path

from nodeflow.library.recognise import recognise as told
from nodeflow.library.recognised import Recognised
from nodeflow.library.right_kind import cut, unreadable
from nodeflow.node import NodeError
from nodes.loaders.read.folder_files import named


def recognise(path: Path, reads: str = "") -> Recognised:
    """Return what lies there. Raises NodeError for a file that is damaged, unfinished or empty, or lacks blocks of what
    is read of it, as a `Taker` says that."""
    try:
        found = told(path)
    except OSError as error:
        raise NodeError(f"{named(path)} cannot be read ({(error.strerror or 'it is gone').lower()})") from None
    if path.is_file() and (why := unreadable(named(path), found) or cut(path, named(path), found, reads)):
        raise NodeError(why)
    return found
