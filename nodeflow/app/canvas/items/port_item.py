"""Where wires start and end on a node. The node paints them; the items are there to be found under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from NodeGraphQt.constants import PortTypeEnum
from NodeGraphQt.qgraphics.port import PortItem
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneHoverEvent, QGraphicsSceneMouseEvent

if TYPE_CHECKING:
    from nodeflow.app.canvas.items.node_item import NodeItem
    from nodeflow.app.canvas.items.wire_item import WireItem

IN, OUT = PortTypeEnum.IN.value, PortTypeEnum.OUT.value


class Port(PortItem):
    """An input (a name and a slot), a parameter's input, or an output of a node.

    Its place is its centre. It has no contents of its own, so that a thousand nodes paint a thousand items, not
    five thousand.
    """

    REACH = QRectF(-11, -11, 22, 22)

    itemChange = QGraphicsItem.itemChange  # noqa: N815 - the stock one is called in Python for every move of every node

    def __init__(self, card: NodeItem, direction: str, name: str, wire_type: str, slot: int = 0) -> None:
        QGraphicsItem.__init__(self, card)  # the stock constructor sets caches and tooltips that are not used here
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setAcceptHoverEvents(True)
        self._pipes: list[WireItem] = []
        self._hovered = False
        self._name, self._port_type = name, direction
        self._display_name, self._locked = True, False
        self._multi_connection = direction == OUT
        self.card = card
        self.wire_type, self.slot = wire_type, slot
        self.optional = self.stray = self.is_row = False
        self.pull = 160.0  # how far its wires go straight on at most
        self.offered = False  # a wire is being drawn that would fit here

    @property
    def wires(self) -> list[WireItem]:
        """The wires at this port."""
        return self._pipes

    @property
    def is_input(self) -> bool:
        return bool(self._port_type == IN)

    @property
    def address(self) -> tuple[str, str, int]:
        """Node, port and slot."""
        return self.card.id, self._name, self.slot

    @property
    def node(self) -> NodeItem:
        return self.card

    def centre(self) -> QPointF:
        """Where its wires end, in the scene."""
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
        self._hovered = True
        self.card.update()

    def hoverLeaveEvent(self, _: QGraphicsSceneHoverEvent) -> None:
        self._hovered = False
        self.card.update()
