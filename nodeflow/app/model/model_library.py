"""The person's models as the app knows them: looked through in the background, watched, and written to. No widgets."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer, Signal

from nodeflow.app.qt.background import Background
from nodeflow.library.entries import LibraryEntry
from nodeflow.library.folders import Root, library_roots, path_troubles
from nodeflow.library.library import Library, file_sha256
from nodeflow.library.models import Models
from nodeflow.library.reach import is_folder

if TYPE_CHECKING:
    from nodeflow.library.scan import Scanned

T = TypeVar("T")
SETTLE_MS = 250
"""How long nothing has to happen in a folder before it is looked through again."""
AGAIN_MS = 2000
"""When a folder is looked through once more in which a file is still being written."""
TELL_SECONDS = 0.1
MAX_WATCHED = 4000
UNFINISHED = {"damaged", "unfinished", "empty", "unreadable"}


class _Looked(NamedTuple):
    """What a look through the folders gave: models, folders, those to watch, what a whole scan found, and troubles."""

    models: Models
    roots: list[Root]
    watched: list[str]
    found: Scanned | None
    troubles: list[str]


class ModelLibrary(QObject):
    """Holds what is known of the person's models in ``models``, another object after each ``changed``.

    ``progress``: how many files a scan has seen and how many of them it read. ``scanned``: a scan came to its end.
    Nothing is looked at before `start`. All that touches disks happens on threads of its own.
    """

    changed = Signal()
    progress = Signal(int, int)
    scanned = Signal(object)
    trouble = Signal(str)
    _told = Signal(int, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.models = Models()
        self.ready = False
        """Whether the folders were looked through once, so that what is not in ``models`` is not there."""
        self.scanning = False
        self.roots: list[Root] = []
        self.unplugged: tuple[str, ...] = ()
        """Folders that cannot be reached: what is known of them is kept."""
        self._library: Library | None = None
        self._index = Background(self, threads=1)  # one thread: all in order
        self._hashes = Background(self, threads=1)
        self._looks = Background(self, threads=1)
        self._once_more = False
        self._stop = threading.Event()
        self._closing = threading.Event()
        self._last_told = 0.0
        self._waiting: set[str] = set()
        self._said: set[str] = set()
        """Troubles with the folders that were told, and last still."""
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._noticed)
        self._soon = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._soon.timeout.connect(self._scan_waiting)
        self._again = QTimer(self, interval=AGAIN_MS, singleShot=True)
        self._again.timeout.connect(self._scan_waiting)
        self._told.connect(self.progress, Qt.ConnectionType.QueuedConnection)

    @property
    def idle(self) -> bool:
        """Return whether nothing is being looked at, and nothing waits to be."""
        idle = self._index.idle and self._hashes.idle and self._looks.idle
        return idle and not (self._soon.isActive() or self._again.isActive())

    # --- looking

    def start(self) -> None:
        """Show what the index holds, then look through the folders; once."""
        if self._library is None and not self.scanning:
            self.scanning = True
            self._index.run(_opened, self._take_opened, self._no_index, owner=self)

    def scan(self) -> None:
        """Look through all folders; once more where that is being done already."""
        if self._library is None:
            self.start()
        elif self.scanning:
            self._once_more = True
        else:
            self._scan(None)

    def cancel(self) -> None:
        """End the scan that is going on; what it has read is kept."""
        self._stop.set()

    def _take_opened(self, opened: tuple[Library, Models]) -> None:
        self._library, self.models = opened
        if self._library.index.set_aside is not None:
            words = self.tr(
                "The library's index was damaged. It lies now at {0}, and the folders are looked through anew."
            )
            self.trouble.emit(words.format(self._library.index.set_aside))
        if self._library.index.unkept:
            self._tell_unkept(self._library.index.unkept)
        self.changed.emit()
        self._scan(None)

    def _tell_unkept(self, reason: str) -> None:
        self.trouble.emit(self.tr("The library's index cannot be kept: {0}").format(reason))

    def _no_index(self, error: Exception) -> None:
        self.scanning = False
        self._tell_unkept(getattr(error, "strerror", None) or str(error))

    def _scan(self, roots: list[Root] | None) -> None:
        library = self._library
        assert library is not None
        self.scanning = True
        self._stop.clear()
        self.progress.emit(0, 0)

        from nodeflow.library.scan import ScanCancelled

        def look() -> _Looked:
            all_roots = library_roots()
            try:
                found = library.refresh(roots, self._watch)
            except ScanCancelled:
                found = None
            return _Looked(_with_starters(library), all_roots, _to_watch(all_roots), found, path_troubles())

        self._index.run(look, self._take_scanned, self._failed, owner=self)

    def _watch(self, seen: int, read: int) -> None:
        """Tell how far the scan is, on its thread."""
        from nodeflow.library.scan import ScanCancelled

        if self._stop.is_set():
            raise ScanCancelled
        if time.monotonic() - self._last_told > TELL_SECONDS:
            self._last_told = time.monotonic()
            self._told.emit(seen, read)

    def _take_scanned(self, made: _Looked) -> None:
        models, self.roots, watched, found, troubles = made
        self.scanning = False
        self.ready = True
        self.models = models
        self.unplugged = tuple(str(root.path) for root in self.roots if not is_folder(root.path))
        if found is not None:
            self.unplugged = tuple(dict.fromkeys((*self.unplugged, *found.unplugged)))
        self._follow(watched)
        for told in troubles:
            if told not in self._said:
                self.trouble.emit(told)
        self._said = set(troubles)
        self.changed.emit()
        self.scanned.emit(found)
        if self._once_more:
            self._once_more = False
            self._scan(None)
        if unfinished := _being_written(models):
            self._waiting |= unfinished
            self._again.start()

    def _failed(self, error: Exception) -> None:
        self.scanning = False
        self.trouble.emit(self.tr("The model folders cannot be looked through: {0}").format(error))
        self.scanned.emit(None)

    # --- watching

    def _follow(self, folders: list[str]) -> None:
        """Be told of what happens in these folders."""
        before, now = set(self._watcher.directories()), set(folders)
        if gone := list(before - now):
            self._watcher.removePaths(gone)
        if new := list(now - before):
            self._watcher.addPaths(new)

    def _noticed(self, folder: str) -> None:
        self._waiting.add(folder)
        self._soon.start()

    def _scan_waiting(self) -> None:
        """Look through the folders in which something happened."""
        if self.scanning:
            self._soon.start()
            return
        waiting, self._waiting = self._waiting, set()
        roots, unplugged = self.roots, self.unplugged

        def touched() -> tuple[list[Root], list[tuple[Root, Path]]]:
            moved = [root for root in roots if _came_or_went(root.path, waiting, str(root.path) in unplugged)]
            inside = [(root, Path(one)) for one in waiting for root in roots if Path(one).is_relative_to(root.path)]
            return moved, [(root, folder) for root, folder in inside if root not in moved]

        self._index.run(touched, self._scan_these, owner=self)

    def _scan_these(self, found: tuple[list[Root], list[tuple[Root, Path]]]) -> None:
        moved, inside = found
        if self._library is None or self.scanning:
            return
        if moved:
            self._scan(None)
        elif inside:
            self._scan_below(inside)

    def _scan_below(self, folders: list[tuple[Root, Path]]) -> None:
        """Look through the folders in which something happened, and no others."""
        library = self._library
        assert library is not None
        self.scanning = True
        self._stop.clear()
        roots, watched = self.roots, self._watcher.directories()

        def look() -> _Looked:
            from nodeflow.library.scan import ScanCancelled, folders_below

            with contextlib.suppress(ScanCancelled):
                library.refresh_below(folders, self._watch)
            room = MAX_WATCHED - len(watched)
            new = [one for _, folder in folders for one in folders_below(folder, room) if is_folder(Path(one))]
            return _Looked(
                _with_starters(library),
                roots,
                [one for one in {*watched, *new} if is_folder(Path(one))],
                None,
                path_troubles(),
            )

        self._index.run(look, self._take_scanned, self._failed, owner=self)

    # --- what a person does

    def write(self, entry: LibraryEntry, note: str | None = None, tags: tuple[str, ...] | None = None) -> None:
        """Keep a note or tags."""
        self._do(lambda library: library.write(entry, note, tags))

    def used(self, names: list[str]) -> None:
        """Keep that models of these names are used now."""
        found = [entry for name in names for entry in self.models.find(name)[:1]]
        if found:
            self._do(lambda library: library.used(*found))

    def hash(self, entry: LibraryEntry, then: Callable[[str], object]) -> None:
        """Compute the sha256 of a file, keep it and tell of it."""

        def keep(digest: str) -> None:
            self._do(lambda library: library.keep_hash(entry, digest))
            then(digest)

        def failed(error: Exception) -> None:
            words = self.tr("{0} cannot be read: {1}")
            self.trouble.emit(words.format(entry.name, getattr(error, "strerror", None) or error))

        def go_on(_: int) -> None:
            if self._closing.is_set():
                raise InterruptedError

        path = Path(entry.path)
        self._hashes.run(lambda: entry.sha256 or file_sha256(path, go_on), keep, failed, owner=self)

    def run(
        self,
        work: Callable[[], T],
        then: Callable[[T], object],
        otherwise: Callable[[Exception], object] | None,
        owner: QObject,
    ) -> None:
        """Do work that asks the disks off the interface's thread, then tell of it, unless ``owner`` is gone."""
        self._looks.run(work, then, otherwise, owner)

    def close(self) -> None:
        """End what is going on."""
        self._stop.set()
        self._closing.set()
        self._index.close()
        self._hashes.close()
        self._looks.close()
        if self._library is not None:
            self._library.close()

    def _do(self, act: Callable[[Library], object]) -> None:
        library = self._library
        if library is None:
            return

        def done() -> Models:
            act(library)
            return _with_starters(library)

        def take(models: Models) -> None:
            self.models = models
            self.changed.emit()

        self._index.run(done, take, self._not_kept, owner=self)

    def _not_kept(self, error: Exception) -> None:
        self.trouble.emit(self.tr("What was written of a model could not be kept: {0}").format(error))


def _opened() -> tuple[Library, Models]:
    library = Library()
    return library, _with_starters(library)


def _with_starters(library: Library) -> Models:
    """Return what is known, made ready to be searched and asked before the interface's thread does so."""
    from nodeflow.library.starters import starter_entries

    found = Models([*library.entries, *starter_entries()], library.index.all_own())
    found.search("-")
    found.find("-")
    return found


def _came_or_went(root: Path, folders: set[str], was_gone: bool) -> bool:
    """Return whether something that happened in these folders is that a root came or went."""
    return any(root.is_relative_to(one) for one in folders) and is_folder(root) == was_gone


def _to_watch(roots: list[Root]) -> list[str]:
    """The folders in which something may happen, and the nearest above each, in which it comes and goes."""
    from nodeflow.library.scan import folders_below

    found: list[str] = []
    for root in roots:
        above = next((one for one in root.path.parents if is_folder(one)), None)
        found += [str(above)] if above is not None else []
        if is_folder(root.path):
            found += folders_below(root.path, MAX_WATCHED - len(found))
    return list(dict.fromkeys(found))


def _being_written(models: Models) -> set[str]:
    """The folders of files that could not be read and are so new that somebody may still be writing them."""
    now, found = time.time(), set()
    for entry in models.entries:
        if entry.found.kind in UNFINISHED and not entry.gone:
            try:
                if now - Path(entry.path).stat().st_mtime < 2 * AGAIN_MS / 1000:
                    found.add(str(Path(entry.path).parent))
            except OSError:
                continue
    return found
