"""Drops on the window: files to be opened or loaded, and nodes of the library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from nodeflow.app.panels.node_library import NODE
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.image_files import PICTURES
from nodeflow.app.qt.model_drag import dragged_model
from nodeflow.graph.io.files import has_workflow
from nodeflow.library.sniff import PICKLES

MODELS = (".safetensors", ".gguf", *PICKLES)


class FileDrops(QObject):
    """Says what a drop means. ``file_wanted``: a workflow, or an image that holds one of ours. ``picture_wanted``: any
    other image, with the place. ``node_wanted``: a node by its type, with the place. ``model_file_wanted``: any
    other file or folder, which may be a model. ``model_wanted``: a `DraggedModel` of the library."""

    file_wanted = Signal(Path)
    picture_wanted = Signal(Path, QPoint)
    node_wanted = Signal(str, QPoint)
    model_file_wanted = Signal(Path, QPoint)
    model_wanted = Signal(object, QPoint)

    def __init__(self, background: Background, node_takes: Callable[[Path, QPoint], bool], parent: QObject) -> None:
        """``node_takes`` gives an image to the node at a place that loads one, and says whether one is there."""
        super().__init__(parent)
        self._background, self._node_takes = background, node_takes

    def enter(self, event: QDragEnterEvent) -> None:
        """Take what can be dropped."""
        data = event.mimeData()
        if _files_of(event) or data.hasFormat(NODE) or dragged_model(data) is not None:
            event.acceptProposedAction()

    def drop(self, event: QDropEvent) -> None:
        """Hand on what was dropped."""
        event.acceptProposedAction()
        at = event.position().toPoint()
        if event.mimeData().hasFormat(NODE):
            self.node_wanted.emit(bytes(event.mimeData().data(NODE).data()).decode(), at)
        model = dragged_model(event.mimeData())
        if model is not None:
            self.model_wanted.emit(model, at)
            return
        for path in _files_of(event):
            self._take(path, at)

    def _take(self, path: Path, at: QPoint) -> None:
        if path.suffix.lower() == ".json":
            self.file_wanted.emit(path)
            return
        if path.suffix.lower() not in PICTURES:
            self.model_file_wanted.emit(path, at)  # which says of anything else what it is
            return
        if self._node_takes(path, at):
            return

        def told(holds: bool) -> None:
            if holds:
                self.file_wanted.emit(path)
            else:
                self.picture_wanted.emit(path, at)

        self._background.run(lambda: has_workflow(path), told, owner=self)


def _files_of(event: QDropEvent) -> list[Path]:
    """The files and folders that are being dropped."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
