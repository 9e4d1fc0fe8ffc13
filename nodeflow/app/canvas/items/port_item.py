"""Ends of wires on a node. The node paints them; the items are there to be found under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneHoverEvent, QGraphicsSceneMouseEvent

from nodeflow.app.canvas.nodegraphqt.items import PortItemBase

if TYPE_CHECKING:
    from nodeflow.app.canvas.items.node_item import NodeItem
    from nodeflow.app.canvas.items.wire_item import WireItem


_EMPTY = QGraphicsItem.GraphicsItemFlag.ItemHasNoContents


class Port(PortItemBase):
    """An input (a name and a slot), a parameter's input, or an output of a node.

    Its place is its centre. It has no contents of its own, so that a thousand nodes paint a thousand items, not
    five thousand.
    """

    REACH = QRectF(-11, -11, 22, 22)
    optional = stray = is_row = False
    pull = 160.0
    """How far its wires go straight on at most."""
    offered = False
    """Whether a wire is being drawn that would fit here."""

    def __init__(self, card: NodeItem, direction: str, name: str, wire_type: str, slot: int = 0) -> None:
        super().__init__(card, direction, name)
        self.setFlag(_EMPTY)
        self.setAcceptHoverEvents(True)
        self.card = card
        self.wire_type, self.slot = wire_type, slot

    @property
    def wires(self) -> list[WireItem]:
        """The wires at this port."""
        return self._pipes

    @property
    def address(self) -> tuple[str, str, int]:
        """Node, port and slot."""
        return self.card.id, self.name, self.slot

    @property
    def node(self) -> NodeItem:
        return self.card

    def centre(self) -> QPointF:
        """Return where its wires end, in the scene."""
        return self.card.pos() + self.pos()

    def boundingRect(self) -> QRectF:
        return self.REACH

    def update(self, *_: Any) -> None:
        self.card.update()

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        event.accept()  # the viewer has begun a wire; the node below must not move

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        event.accept()

    def hoverEnterEvent(self, _: QGraphicsSceneHoverEvent) -> None:
        self.set_hovered(True)
        self.card.update()

    def hoverLeaveEvent(self, _: QGraphicsSceneHoverEvent) -> None:
        self.set_hovered(False)
        self.card.update()
