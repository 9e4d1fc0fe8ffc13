"""Images of nodes that load one: shown as soon as the file is named, without a run."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage, QPixmap

from nodeflow.app.canvas.controller.after_edits import look_after_edits
from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.node_images import THUMBNAIL
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.thumbnails import read
from nodeflow.graph.model.roles import LOAD_IMAGE

PAUSE = 150
"""Milliseconds after the last change until files are looked at."""


class LoadedImageView(QObject):
    """Reads the files that shown nodes name, and hands each node its image. ``arrived``: a node shows another one."""

    arrived = Signal()

    def __init__(self, scope: GraphScope, items: WorkflowItems, parent: QObject) -> None:
        super().__init__(parent)
        self._scope, self._items = scope, items
        self._background = Background(self, threads=1)
        self._seen: dict[str, Path] = {}
        """The file whose image each node shows, or is about to."""
        items.loaded.connect(self._seen.clear)
        look_after_edits(self.look, PAUSE, scope, items, self)

    def look(self) -> None:
        """Read the images that are named by another path than before."""
        params = {spec.type: spec.params[0].name for spec in self._scope.catalogue.specs(LOAD_IMAGE)}
        for name, card in self._items.shown.items():
            value = str(card.node.params.get(params.get(card.node.type, ""), ""))
            path = self._scope.base / Path(value).expanduser() if value else None
            if path is not None and self._seen.get(name) != path:
                self._seen[name] = path
                room = QSize(THUMBNAIL, THUMBNAIL)
                self._background.run(partial(read, path, room), partial(self._show, name, path), owner=self)

    def _show(self, name: str, path: Path, image: QImage) -> None:
        if self._seen.get(name) == path and name in self._items.shown and not image.isNull():
            self._items.shown[name].show_picture(QPixmap.fromImage(image), of_file=True)
            self.arrived.emit()
