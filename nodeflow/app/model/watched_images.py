"""The images of the watched folders, kept up to date and searched, off the interface's thread. No widgets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.settings import Settings
from nodeflow.app.qt.background import Background
from nodeflow.engine.protocol.events import NodeFinished
from nodeflow.engine.protocol.messages import JobEvent
from nodeflow.gallery.image_facts import facts_of
from nodeflow.gallery.image_index import ImageIndex
from nodeflow.gallery.paths import Paths

AGAIN_MS = 5000
"""Milliseconds between two tries to keep an index on disk that could not be kept."""
SHOW_MS = 400
"""Milliseconds between two looks at what a scan has found so far."""


class WatchedImages(QObject):
    """``found``: the `Paths` of the images that a search finds now, the latest first."""

    found = Signal(object)

    def __init__(self, hub: EngineService, settings: Settings, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._hub, self._settings, self._background = hub, settings, background
        self.index = ImageIndex()
        self.query = ""
        self._scanning = self._again = False
        self._told = set[str]()
        self._turn = self._seen = 0
        self._changed: set[Path] = set()
        self._progress = QTimer(self, interval=SHOW_MS)
        self._progress.timeout.connect(self._look_again)
        self._later = QTimer(self, interval=AGAIN_MS)
        self._later.timeout.connect(self._try_again)
        self._scans = Background(self, threads=1)
        hub.replied.connect(self._heard)
        hub.made.connect(self._made)

    @property
    def folders(self) -> list[Path]:
        """The output folder, and those that the person added."""
        return list(dict.fromkeys([self._hub.output, *map(Path, self._settings.gallery_folders)]))

    @property
    def scanning(self) -> bool:
        """Return whether the folders are being looked through."""
        return self._scanning

    def look_for(self, query: str) -> None:
        """Find images by words: `found` tells them."""
        self.query = query
        self._look()

    def scan(self) -> None:
        """Show what is known of the folders, then look into them: what is new or changed is read, and found while the
        rest is still being read."""
        if self._scanning:
            self._again = True
            return
        self._tell()
        self._scanning = True
        self._look(self._scan)

    def _scan(self) -> None:
        folders, catalogue = self.folders, self._hub.catalogue
        self._progress.start()
        self._scans.run(
            lambda: [self.index.scan(folder, catalogue) for folder in folders],
            lambda _: self._scanned(),
            lambda _: self._scanned(),
            owner=self,
        )

    def _tell(self) -> None:
        """Say, once each, what became of the index."""
        index = self.index
        damaged = self.tr("The index of images was damaged. It lies now at {0}, and the images are read anew.")
        unkept = self.tr("The index of images cannot be kept: {0}")
        for words, what in ((damaged, str(index.set_aside or "")), (unkept, index.unkept)):
            if what and what not in self._told:
                self._told.add(what)
                self._hub.trouble.emit(words.format(what))
        if index.unkept:
            self._later.start()

    def star(self, paths: list[Path], on: bool) -> None:
        """Give images a star, or take it."""
        self.index.star(paths, on)
        self._tell()

    def _try_again(self) -> None:
        """Keep the index on disk, where that can be again, and find all images for it."""

        def kept(done: bool) -> None:
            if done and self._later.isActive():
                self._later.stop()
                self.scan()

        self._background.run(self.index.try_again, kept, owner=self)

    def take_changed(self) -> set[Path]:
        """The files that were written since this was last asked."""
        changed, self._changed = self._changed, set()
        return changed

    def _scanned(self) -> None:
        self._scanning = False
        self._progress.stop()
        self._scans.run(self.index.prepare, otherwise=lambda _: None, owner=self)
        self._tell()
        self._look_again()
        if self._again:
            self._again = False
            self.scan()

    def _look_again(self) -> None:
        """Look where a scan has found something since."""
        if self.index.revision != self._seen:
            self._look()

    def _look(self, then: Callable[[], None] = lambda: None) -> None:
        """Tell what is found now, and go on, however that went."""
        self._turn += 1
        self._seen = self.index.revision
        turn, query, folders = self._turn, self.query, self.folders

        def tell(paths: Paths) -> None:
            if turn == self._turn:
                self.found.emit(paths)
            then()

        def fail(error: Exception) -> None:
            then()
            raise error

        self._background.run(lambda: self.index.find(query, folders), tell, fail, owner=self)

    def _heard(self, reply: object) -> None:
        match reply:
            case JobEvent(_, NodeFinished(files=files)) if files:
                self._made([Path(name) for name in files])

    def _made(self, paths: list[Path]) -> None:
        """Files were written just now."""
        self._changed.update(paths)
        catalogue = self._hub.catalogue

        def read() -> None:
            self.index.put([facts_of(path, catalogue) for path in paths if path.is_file()])

        self._background.run(read, lambda _: self._look(), lambda _: None, owner=self)
