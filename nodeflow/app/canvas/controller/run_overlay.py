"""Overlay of a run on the nodes of a canvas: states, problems, images."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QPixmap

from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.canvas.view.minimap import Minimap
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.node_images import THUMBNAIL
from nodeflow.app.qt.image_decoder import ImageDecoder
from nodeflow.graph.model.workflow import Problem


class RunView(QObject):
    """Hands what a scope tells of runs on to the nodes that are shown. ``arrived``: a node shows its first image."""

    arrived = Signal()

    def __init__(self, scope: GraphScope, items: WorkflowItems, minimap: Minimap, parent: QObject) -> None:
        super().__init__(parent)
        self._scope, self._items, self._minimap = scope, items, minimap
        self._decoder = ImageDecoder(self)
        items.loaded.connect(self.show_problems)
        scope.node_changed.connect(self._show_state)
        scope.problems_changed.connect(self.show_problems)
        scope.picture.connect(self._show_picture)
        scope.preview.connect(self._show_preview)

    def show_problems(self) -> None:
        """Show on each node what is wrong with it."""
        found: dict[str, list[Problem]] = {}
        for problem in self._scope.problems:
            found.setdefault(problem.node, []).append(problem)
        for name, card in self._items.shown.items():
            card.show_problems(tuple(found.get(name, ())))

    def _show_state(self, name: str) -> None:
        if name in self._items.shown:
            self._items.shown[name].show_state(self._scope.state(name))
            self._minimap.later()

    def _show_picture(self, name: str, _output: str, size: int, pictures: tuple[bytes, ...]) -> None:
        if size <= THUMBNAIL:
            self._decoder.decode(pictures, self._taker(name))

    def _show_preview(self, name: str, picture: bytes) -> None:
        self._decoder.decode([picture], self._taker(name))

    def _taker(self, name: str) -> Callable[[QPixmap | None, QSize], None]:
        """Return what shows a decoded image on a node, unless others, perhaps of the same name, are shown by then."""
        nodes = self._items.shown

        def take(picture: QPixmap | None, _: QSize) -> None:
            if nodes is self._items.shown and name in nodes and picture is not None:
                first = nodes[name].thumbnail is None
                nodes[name].show_picture(picture)
                if first:
                    self.arrived.emit()

        return take
