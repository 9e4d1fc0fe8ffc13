"""Look-up of what lies where on the canvas."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF, QSize
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView

from nodeflow.app.canvas.items.annotation_item import AnnotationItem
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.graph.model.catalogue import Param


class ItemsAt:
    """Finds ports, nodes, wires, frames and notes at a point of the scene."""

    def __init__(self, view: QGraphicsView) -> None:
        self._view = view

    def port(self, pos: QPointF) -> Port | None:
        """Return the port nearest to a point within reach of it, unless a node lies over it."""
        found: list[Port] = []
        for item in self._view.scene().items(pos):
            if isinstance(item, NodeItem):
                break
            if isinstance(item, Port):
                found.append(item)
        return min(found, key=lambda port: _distance(port.centre(), pos), default=None)

    def card(self, pos: QPointF) -> NodeItem | None:
        """Return the topmost node at a point."""
        found = (item for item in self._view.scene().items(pos) if isinstance(item, NodeItem))
        return next((card for card in found if card.body.contains(card.mapFromScene(pos))), None)

    def row(self, pos: QPointF) -> tuple[NodeItem, Param] | None:
        """Return the node and the parameter whose row is at a point, unless a wire gives it."""
        card = self.card(pos)
        number = card.row_at(card.mapFromScene(pos)) if card is not None else -1
        if card is None or number < 0 or card.is_fed(number):
            return None
        return card, card.face.rows[number]

    def wire(self, pos: QPointF) -> WireItem | None:
        """Return the wire under a point, where no node or port lies over it."""
        if self.port(pos) is not None or self.card(pos) is not None:
            return None
        return next(
            (item for item in self.near(pos, WireItem) if isinstance(item, WireItem) and item.isVisible()), None
        )

    def annotation(self, pos: QPointF) -> AnnotationItem | None:
        """Return the frame or note at a point, where nothing else lies over it."""
        if self.near(pos):
            return None
        shown = self._view.scene().items(self._pixel(pos))
        return next((item for item in shown if isinstance(item, AnnotationItem)), None)

    def near(self, pos: QPointF, kind: type | None = None) -> list[QGraphicsItem]:
        """Return the nodes, ports and wires, or those of a kind, within reach of a point."""
        reach = 3 / max(self._view.transform().m11(), 0.3)
        area = QRectF(pos.x() - reach, pos.y() - reach, 2 * reach, 2 * reach).united(self._pixel(pos))
        wanted = kind or (NodeItem, Port, WireItem)
        return [item for item in self._view.scene().items(area) if isinstance(item, wanted)]

    def _pixel(self, pos: QPointF) -> QRectF:
        """Return the pixel around a point, in the scene: far out it is wide, and the scene presses what it touches."""
        return self._view.mapToScene(QRect(self._view.mapFromScene(pos), QSize(1, 1))).boundingRect()

    def cards(self) -> list[NodeItem]:
        """Return all nodes."""
        return [item for item in self._view.scene().items() if isinstance(item, NodeItem)]


def _distance(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())
