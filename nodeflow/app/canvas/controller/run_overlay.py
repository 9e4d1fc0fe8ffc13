"""What a run does, shown on the nodes of a canvas: states, problems, pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QPixmap

from nodeflow.app.model.document_session import THUMBNAIL
from nodeflow.app.qt.image_decoder import ImageDecoder
from nodeflow.graph.model.workflow import Problem

if TYPE_CHECKING:
    from nodeflow.app.canvas.controller.canvas_controller import Canvas


class RunView(QObject):
    """Hands what the canvas's scope tells of runs on to the cards."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._decoder = ImageDecoder(self)
        scope = canvas.scope
        scope.node_changed.connect(self._show_state)
        scope.problems_changed.connect(self.show_problems)
        scope.picture.connect(self._show_picture)
        scope.preview.connect(self._show_preview)

    def show_problems(self) -> None:
        """Show on each node what is wrong with it."""
        found: dict[str, list[Problem]] = {}
        for problem in self._canvas.scope.problems:
            found.setdefault(problem.node, []).append(problem)
        for name, card in self._canvas.nodes.items():
            card.show_problems(tuple(found.get(name, ())))

    def _show_state(self, name: str) -> None:
        if name in self._canvas.nodes:
            self._canvas.nodes[name].show_state(self._canvas.scope.state(name))
            self._canvas.view.minimap.later()

    def _show_picture(self, name: str, _output: str, size: int, pictures: tuple[bytes, ...]) -> None:
        if size <= THUMBNAIL:
            self._decoder.decode(pictures, self._taker(name))

    def _show_preview(self, name: str, picture: bytes) -> None:
        self._decoder.decode([picture], self._taker(name))

    def _taker(self, name: str) -> Callable[[QPixmap | None, QSize], None]:
        """What shows a decoded picture on a node, unless others, perhaps of the same name, are shown by then."""
        nodes = self._canvas.nodes

        def take(picture: QPixmap | None, _: QSize) -> None:
            if nodes is self._canvas.nodes and name in nodes and picture is not None:
                nodes[name].show_picture(picture)

        return take
