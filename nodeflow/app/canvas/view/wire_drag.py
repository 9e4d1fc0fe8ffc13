"""Drawing wires by hand: from a port, over ports that fit or refuse, to another port, a node, or empty canvas."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneMouseEvent

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.wire_item import LooseWire, WireCutter, WireItem
from nodeflow.app.canvas.view.viewport import Viewport
from nodeflow.app.i18n.texts import tr
from nodeflow.graph.model.catalogue import fits

Judge = Callable[[Port, Port], str]
_CLICK = 4


class Wiring(Viewport):
    """The viewer while a wire is drawn. What comes of it is told by NodeGraphQt's own signal ``connection_changed``.

    ``judge`` says why a wire between two ports cannot be laid; ``refused`` passes the reason on, with the place.
    """

    wire_dropped = Signal(Port, QPointF)
    refused = Signal(str, QPointF)

    def __init__(self) -> None:
        super().__init__()
        self.judge: Judge = lambda start, end: ""
        self._start_port: Port | None = None
        self._lifted: WireItem | None = None
        self._judged: tuple[Port, str] | None = None
        self.scene().removeItem(self._LIVE_PIPE)  # the stock one writes port names beside the pointer
        self._LIVE_PIPE: LooseWire = LooseWire()
        self.scene().addItem(self._LIVE_PIPE)
        self.scene().removeItem(self._SLICER_PIPE)  # the stock one writes beside the pointer too
        self._SLICER_PIPE: WireCutter = WireCutter()
        self.scene().addItem(self._SLICER_PIPE)

    # --- what lies where

    def port_at(self, pos: QPointF) -> Port | None:
        """The port nearest to a point within reach of it, unless a node lies over it."""
        found: list[Port] = []
        for item in self.scene().items(pos):
            if isinstance(item, NodeItem):
                break
            if isinstance(item, Port):
                found.append(item)
        return min(found, key=lambda port: _distance(port.centre(), pos), default=None)

    def card_at(self, pos: QPointF) -> NodeItem | None:
        """The topmost node at a point."""
        found = (item for item in self.scene().items(pos) if isinstance(item, NodeItem))
        return next((card for card in found if card.body.contains(card.mapFromScene(pos))), None)

    def cards(self) -> list[NodeItem]:
        return [item for item in self.scene().items() if isinstance(item, NodeItem)]

    def _items_near(
        self, pos: QPointF, item_type: type | None = None, width: int = 20, height: int = 20
    ) -> list[QGraphicsItem]:
        """What the stock viewer asks for at a press; its own search looks only up and to the left."""
        reach = 3 / max(self.zoom, 0.3)
        area = QRectF(pos.x() - reach, pos.y() - reach, 2 * reach, 2 * reach)
        wanted = item_type or (NodeItem, Port, WireItem)
        found: list[QGraphicsItem] = self.scene().items(area)
        return [item for item in found if isinstance(item, wanted)]

    # --- the wire in hand

    @property
    def wiring(self) -> bool:
        """Whether a wire is being drawn."""
        return self._start_port is not None

    def begin_wire(self, port: Port, pos: QPointF) -> None:
        """Take up a wire at a port: a new one, or the end of the one that an input has."""
        if port.is_input and port.wires:
            self._lifted = port.wires[-1]
            self._lifted.setVisible(False)
            port = self._lifted.source
        self._start_port = port
        for card in self.cards():
            for other in card.ports():
                other.offered = card is not port.card and other.is_input != port.is_input and _fit(port, other)
            card.update()
        self._LIVE_PIPE.follow(port, pos, False)

    def drop_wire(self) -> None:
        """Let go of the wire in hand; one that was lifted falls back to its place."""
        if self._lifted is not None:
            self._lifted.setVisible(True)
        self._lifted = self._start_port = self._judged = None
        self._LIVE_PIPE.reset_path()
        for card in self.cards():
            for port in card.ports():
                port.offered = False
            card.update()

    def start_live_connection(self, selected_port: Port) -> None:
        """The stock viewer draws another wire from where one is pressed with Shift."""
        self.begin_wire(selected_port, selected_port.centre())

    def end_live_connection(self) -> None:
        self.drop_wire()

    def sceneMousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """NodeGraphQt's scene asks the viewer first. The stock answer also tears off wires that are only clicked."""
        if self.wiring:
            self.apply_live_connection(event)
            return
        if event.button() != Qt.MouseButton.LeftButton or self.ALT_state:
            return
        pos = event.scenePos()
        port = self.port_at(pos) if self.zoom >= style.FLAT else None
        if port is not None:
            self.begin_wire(port, pos)

    def note_place(self, card: NodeItem) -> None:
        """Remember where a node stood when it was pressed; the stock viewer tells of the move at the release."""
        self._node_positions[card] = card.xy_pos

    def sceneMouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        start = self._start_port
        if start is None:
            return
        pos = event.scenePos()
        end = self.port_at(pos)
        reason = self._reason(start, end) if end is not None else ""
        if end is not None and end is not start:
            pos = end.centre()
        self._LIVE_PIPE.follow(start, pos, bool(reason))

    def _reason(self, start: Port, end: Port) -> str:
        """Why the wire in hand cannot end at a port; asked once for each port that it passes."""
        if end is start:
            return ""
        if self._judged is None or self._judged[0] is not end:
            self._judged = (end, self.judge(start, end))
            if self._judged[1]:
                self.refused.emit(self._judged[1], end.centre())
        return self._judged[1]

    def apply_live_connection(self, event: QGraphicsSceneMouseEvent) -> None:
        """The button goes up (or down again, after a click on a port): lay the wire, or say why not."""
        start, lifted = self._start_port, self._lifted
        if start is None:
            return
        pos = event.scenePos()
        end = self.port_at(pos)
        if end is start or (lifted is not None and end is lifted.target and self._clicked(event)):
            if lifted is not None:
                self.drop_wire()
            return  # a click: the wire keeps following the pointer until the next one
        card = None if end is not None else self.card_at(pos)
        if end is None and card is not None and card is not start.card:
            end = self._best(start, card)
            if end is None:
                self.drop_wire()
                self.refused.emit(_no_port(start, card), pos)
                return
        reason = self.judge(start, end) if end is not None else ""
        self.drop_wire()
        gone = [(lifted.target, lifted.source)] if lifted is not None and lifted.target is not end else []
        if end is None:
            if gone and card is None:
                self.connection_changed.emit(gone, [])
            elif card is None:
                self.wire_dropped.emit(start, pos)
        elif reason:
            self.refused.emit(reason, end.centre())
        elif lifted is None or lifted.target is not end:
            self.connection_changed.emit(gone, [(start, end)])

    def _clicked(self, event: QGraphicsSceneMouseEvent) -> bool:
        moved = event.screenPos() - event.buttonDownScreenPos(Qt.MouseButton.LeftButton)
        return bool(moved.manhattanLength() <= _CLICK)

    def _best(self, start: Port, card: NodeItem) -> Port | None:
        """Where a wire that is dropped on a node ends: a free port that needs one, else any that fits."""
        offered = [port for port in card.ports() if port.offered]
        return min(offered, key=lambda port: (port.is_row, bool(port.wires), port.optional), default=None)


def _distance(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())


def _fit(a: Port, b: Port) -> bool:
    return fits(b.wire_type, a.wire_type) if a.is_input else fits(a.wire_type, b.wire_type)


def _no_port(start: Port, card: NodeItem) -> str:
    if start.is_input:
        return tr("{0!r} gives nothing that fits {1}, which takes {2}").format(card.id, start.name, start.wire_type)
    return tr("no input of {0!r} takes {1}").format(card.id, start.wire_type)
