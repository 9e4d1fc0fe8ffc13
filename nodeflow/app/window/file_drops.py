"""Drops on the window: files to be opened or loaded, and nodes of the library."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from nodeflow.app.model.document_session import has_workflow
from nodeflow.app.panels.node_library import NODE
from nodeflow.app.qt.background import Background

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".bmp", ".gif", ".tif", ".tiff")


class FileDrops(QObject):
    """Says what a drop means. ``file_wanted``: a workflow, or an image that holds one of ours. ``picture_wanted``: any
    other image, with the place. ``node_wanted``: a node by its type, with the place."""

    file_wanted = Signal(Path)
    picture_wanted = Signal(Path, QPoint)
    node_wanted = Signal(str, QPoint)

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background

    def enter(self, event: QDragEnterEvent) -> None:
        """Take what can be dropped."""
        if _files_of(event) or event.mimeData().hasFormat(NODE):
            event.acceptProposedAction()

    def drop(self, event: QDropEvent) -> None:
        """Hand on what was dropped."""
        event.acceptProposedAction()
        at = event.position().toPoint()
        if event.mimeData().hasFormat(NODE):
            self.node_wanted.emit(bytes(event.mimeData().data(NODE).data()).decode(), at)
        for path in _files_of(event):
            self._take(path, at)

    def _take(self, path: Path, at: QPoint) -> None:
        if path.suffix.lower() == ".json":
            self.file_wanted.emit(path)
            return

        def told(holds: bool) -> None:
            if holds:
                self.file_wanted.emit(path)
            else:
                self.picture_wanted.emit(path, at)

        self._background.run(lambda: has_workflow(path), told, owner=self)


def _files_of(event: QDropEvent) -> list[Path]:
    """The workflows and images that are being dropped."""
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() in (".json", *PICTURES)]
