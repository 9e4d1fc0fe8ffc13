"""A node over a wire: dropped there it goes into the wire. And wires as targets of the pointer."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent

from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.app.canvas.nodegraphqt.viewer import ViewerBase
from nodeflow.app.canvas.view.items_at import ItemsAt
from nodeflow.graph.edits.edits import EditBatch

Insertion = Callable[[NodeItem, WireItem], EditBatch | None]
_WIRE_SAMPLES = 16


class InsertOnWire(QObject):
    """Follows a node that is dragged: the wire that it would go into stands out.

    ``insertion`` gives the edit that puts a node into a wire, or None. A node that is dragged with Alt held is
    ``pulled`` out of its wires. ``dot_wanted``: a wire, and where on it a reroute is asked for.
    """

    dot_wanted = Signal(WireItem, QPointF)

    def __init__(self, viewer: ViewerBase, items: ItemsAt) -> None:
        super().__init__(viewer)
        self._viewer, self._items = viewer, items
        self.insertion: Insertion = lambda card, wire: None
        self.pulled = False
        self._landing: tuple[WireItem, EditBatch] | None = None
        self._tried: dict[WireItem, EditBatch | None] = {}

    def take_landing(self) -> EditBatch | None:
        """Return the edit that puts the dragged node into the wire below it; asked for once, at the drop."""
        landing, self._landing = self._landing, None
        self._tried = {}
        if landing is None:
            return None
        landing[0].reset()
        return landing[1]

    def press(self, event: QMouseEvent) -> bool:
        """Say whether the press was meant for a wire."""
        self.take_landing()
        self.pulled = False
        if event.modifiers() == Qt.KeyboardModifier.AltModifier and event.button() == Qt.MouseButton.LeftButton:
            pos = self._viewer.mapToScene(event.position().toPoint())
            wire = self._items.wire(pos)
            if wire is not None:
                self.dot_wanted.emit(wire, pos)
                return True
            if self._items.card(pos) is not None:
                self.pulled = True
                self._viewer.release_alt()
                event.setModifiers(Qt.KeyboardModifier.NoModifier)  # with Alt the stock scene keeps what was selected
        return False

    def follow(self, event: QMouseEvent) -> None:
        """Find the wire that the node which was dragged would go into, and show it."""
        if event.buttons() & Qt.MouseButton.LeftButton and not self.pulled:
            moved = self._viewer.dragged
            card = moved[0] if len(moved) == 1 else None
            self._hover(card if isinstance(card, NodeItem) else None)

    def _hover(self, card: NodeItem | None) -> None:
        wire = None if card is None else self._wire_below(card)
        if self._landing is not None and self._landing[0] is not wire:
            self._landing[0].reset()
            self._landing = None
        if wire is not None and self._landing is None and (edit := self._tried[wire]) is not None:
            wire.invite()
            self._landing = wire, edit

    def _wire_below(self, card: NodeItem) -> WireItem | None:
        area = card.body.translated(card.pos())
        near: list[tuple[float, int, WireItem]] = []
        for item in self._viewer.scene().items(area):
            if not isinstance(item, WireItem) or card in (item.source.card, item.target.card) or not item.isVisible():
                continue
            if item not in self._tried:
                self._tried[item] = self.insertion(card, item)
            if self._tried[item] is not None:
                near.append((_distance(item, area.center()), len(near), item))
        return min(near)[2] if near else None


def _distance(wire: WireItem, pos: QPointF) -> float:
    points = (wire.path().pointAtPercent(share / _WIRE_SAMPLES) - pos for share in range(_WIRE_SAMPLES + 1))
    return min(math.hypot(point.x(), point.y()) for point in points)
