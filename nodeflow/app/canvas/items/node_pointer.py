"""What the pointer does to a node: pulls its edges, scrubs its rows, passes over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QGraphicsSceneMouseEvent

if TYPE_CHECKING:
    from nodeflow.app.canvas.items.node_item import NodeItem


class NodePointer:
    """Hands it on to the canvas that the node stands on. What it does not take moves the node."""

    def __init__(self, card: NodeItem) -> None:
        self._card = card
        self.hot_row = -1
        """The row under the pointer, -1 where there is none."""
        self._cursor = Qt.CursorShape.ArrowCursor
        self._drags_row = self._pulls_edge = False

    def press(self, event: QGraphicsSceneMouseEvent) -> bool:
        """Return whether an edge, the arrow or a row takes a press."""
        card = self._card
        row, host = card.row_at(event.pos()), card.host()
        self._drags_row = self._pulls_edge = False
        if host is None:
            return False
        left = event.button() == Qt.MouseButton.LeftButton
        if left and host.looks.press(card, event.pos()):
            self._pulls_edge = True
        elif left and row >= 0 and host.rows.can_edit(card, row):
            if not card.isSelected() and not event.modifiers():
                card.scene().clearSelection()
                card.setSelected(True)
            self._drags_row = True
            host.rows.press(card, row, event.screenPos())
        else:
            host.note_place(card)
            return False
        event.accept()
        return True

    def move(self, event: QGraphicsSceneMouseEvent) -> bool:
        """Return whether an edge or a row that was pressed takes a move."""
        host = self._card.host()
        if host is not None and self._pulls_edge:
            host.looks.drag(event.pos())
        elif host is not None and self._drags_row:
            host.rows.drag(event.screenPos(), event.modifiers())
        else:
            return False
        return True

    def release(self, event: QGraphicsSceneMouseEvent) -> bool:
        """Return whether an edge or a row that was pressed takes the release."""
        host = self._card.host()
        if host is None or not (self._pulls_edge or self._drags_row):
            return False
        pulled, self._pulls_edge, self._drags_row = self._pulls_edge, False, False
        if pulled:
            host.looks.release()
        else:
            host.rows.release(event.pos())
        return True

    def hover(self, pos: QPointF) -> None:
        """Show the row under it, and by its shape what a press there would do."""
        card = self._card
        row, host = card.row_at(pos), card.host()
        if row != self.hot_row:
            self.hot_row = row
            editable = row >= 0 and host is not None and host.rows.can_edit(card, row)
            scrubs = editable and card.face.rows[row].kind in ("int", "float")
            self._cursor = Qt.CursorShape.SizeHorCursor if scrubs else Qt.CursorShape.ArrowCursor
            card.update()
        over = host.looks.cursor(card, pos) if host is not None else None
        card.setCursor(over or self._cursor)

    def leave(self) -> None:
        """Be over no row any more."""
        self.hot_row = -1
        self._card.update()
