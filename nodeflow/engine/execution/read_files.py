"""Files that nodes read: a result that was made of one while it changed is nobody's."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nodeflow.engine.planning.content_keys import Parts
from nodeflow.engine.planning.fingerprint import SETTLED_SECONDS
from nodeflow.node import NodeError

MAPPED = ".safetensors", ".gguf"
"""Files whose weights stay on the disk while networks compute with them."""
PART = "file "
"""What the parts of a key begin with that stand for files."""


class WrittenOverError(NodeError):
    """A file of weights was written over while networks computed with it; ``reader`` is the task that read it."""

    def __init__(self, reader: str, file: Path) -> None:
        super().__init__(
            f"{file.name} was written over while the run used it, so that this would be a result of neither; run again"
        )
        self.reader = reader


class _FileState(NamedTuple):
    """How a file stood: another one in its place has another inode, and leaves the one that is mapped as it was. No
    program can set the time of the last change of the inode."""

    inode: int
    size: int
    modified: int
    changed: int


class _Read(NamedTuple):
    """A file as it was read: how it stood, what it held, and whether a later change would be seen by how it stands."""

    state: _FileState
    held: str
    settled: bool


class ReadFiles:
    """Remember how the files stood by which a run's tasks got their keys."""

    def __init__(self, fingerprint: Callable[[Path], str]) -> None:
        self._fingerprint = fingerprint
        self._read: dict[str, dict[Path, _Read]] = {}

    def note(self, task: str, parts: Parts, arguments: Mapping[str, Any]) -> None:
        """Remember the files of weights that a task reads."""
        if not reads_files(parts):
            return
        paths = [Path(str(arguments[name])) for name in _files(parts) if name in arguments]
        found = {file: one for path in paths for file in _weights(path) if (one := self._look(file)) is not None}
        if found:
            self._read[task] = found

    def _look(self, file: Path) -> _Read | None:
        state = _state(file)
        try:
            held = self._fingerprint(file)
        except (OSError, NodeError):
            return None
        return None if state is None else _Read(state, held, time.time() - state.changed / 1e9 > SETTLED_SECONDS)

    def written_over(self) -> dict[str, Path]:
        """Return the tasks whose files were written over where they lie, and one such file of each."""
        return {task: file for task, read in self._read.items() for file in read if self._is_another(read, file)}

    def _is_another(self, read: dict[Path, _Read], file: Path) -> bool:
        """Return whether a file holds something else now, and stands in its old place. Other rights or another time
        change how it stands too, and not what it holds, which is then looked at once."""
        before, now = read[file], _state(file)
        if now is None or now.inode != before.state.inode or (now == before.state and before.settled):
            return False
        looked = self._look(file)
        if looked is None or looked.held != before.held:
            return looked is not None
        read[file] = looked
        return False

    def check_mapped(self, sources: Callable[[str], Iterable[str]], task: str) -> None:
        """Raise NodeError where a file that is behind a task was written over while networks computed with it.

        ``sources`` tells the tasks that one takes something from.
        """
        if not (spoiled := self.written_over()):
            return
        seen, left = set[str](), [task]
        while left:
            name = left.pop()
            if name in spoiled:
                raise WrittenOverError(name, spoiled[name])
            if name not in seen:
                seen.add(name)
                left += sources(name)


def check_same(before: Parts, now: Parts) -> None:
    """Raise NodeError where a file is another than when the key was made, before its node read it."""
    for name in _files(before):
        if before[PART + name] != now.get(PART + name):
            raise NodeError(f"the file at {name} changed while it was read; run again")


def reads_files(parts: Parts) -> bool:
    """Return whether a task reads any file."""
    return any(name.startswith(PART) for name in parts)


def _files(parts: Parts) -> Collection[str]:
    return [name.removeprefix(PART) for name in parts if name.startswith(PART)]


def _weights(path: Path) -> list[Path]:
    if path.suffix.lower() in MAPPED:
        return [path]
    return [file for file in path.rglob("*") if file.suffix.lower() in MAPPED] if path.is_dir() else []


def _state(file: Path) -> _FileState | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return _FileState(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
