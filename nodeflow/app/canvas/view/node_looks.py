"""What the pointer does to the look of a node: pulling its edges, folding it up."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, Qt, Signal

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.node_item import NodeItem


class NodeLooks(QObject):
    """``resized``: a node was pulled to a width and a height of what is in it. ``collapse_wanted``: it is to be folded
    up, or opened again."""

    resized = Signal(str, float, float)
    collapse_wanted = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pulled: tuple[NodeItem, int, int] | None = None
        self._beside = QPointF()

    def press(self, card: NodeItem, pos: QPointF) -> bool:
        """Say whether a press on a node was meant for its edges or its arrow."""
        if card.arrow_rect().contains(pos):
            self.collapse_wanted.emit(card.id)
            return True
        across, down = card.edges_at(pos)
        self._pulled = (card, across, down) if across or down else None
        self._beside = card.body.bottomRight() - pos
        return self._pulled is not None

    def drag(self, pos: QPointF) -> None:
        """The pulled edge follows the pointer, a point of the node."""
        if self._pulled is not None:
            card, across, down = self._pulled
            pos = pos + self._beside
            width = max(pos.x(), style.MIN_WIDTH) if across else card.asked.width
            card.ask_size(round(width), round(card.height_for(pos.y())) if down else card.asked.height)

    def release(self) -> None:
        """The edge is let go: the size is kept."""
        pulled, self._pulled = self._pulled, None
        if pulled is not None:
            self.resized.emit(pulled[0].id, pulled[0].asked.width, pulled[0].asked.height)

    def cursor(self, card: NodeItem, pos: QPointF) -> Qt.CursorShape | None:
        """Return the shape of the pointer over an edge that can be pulled; None elsewhere."""
        across, down = card.edges_at(pos)
        if across and down:
            return Qt.CursorShape.SizeFDiagCursor
        return Qt.CursorShape.SizeHorCursor if across else Qt.CursorShape.SizeVerCursor if down else None
