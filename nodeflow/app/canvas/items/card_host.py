"""Interface of the canvas to the nodes that stand on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QPoint, QPointF, Qt

if TYPE_CHECKING:
    from nodeflow.app.canvas.items.node_item import NodeItem


class RowPointer(Protocol):
    """Takes what the pointer does to the rows of parameters."""

    def can_edit(self, card: NodeItem, row: int) -> bool: ...

    def press(self, card: NodeItem, row: int, at: QPoint) -> None: ...

    def drag(self, at: QPoint, keys: Qt.KeyboardModifier) -> None: ...

    def release(self, pos: QPointF) -> None: ...


class LookPointer(Protocol):
    """Takes what the pointer does to the edges of nodes and to the arrow in their titles."""

    def press(self, card: NodeItem, pos: QPointF) -> bool: ...

    def drag(self, pos: QPointF) -> None: ...

    def release(self) -> None: ...

    def cursor(self, card: NodeItem, pos: QPointF) -> Qt.CursorShape | None: ...


@runtime_checkable
class CardHost(Protocol):
    """The canvas, as a node knows it."""

    rows: RowPointer
    looks: LookPointer

    def note_place(self, card: NodeItem, /) -> None:
        """Remember where a node stood when it was pressed."""
