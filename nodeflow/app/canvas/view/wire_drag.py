"""Drawing wires by hand: from a port, over ports that fit or refuse, to another port, a node, or empty canvas."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtWidgets import QGraphicsSceneMouseEvent

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.wire_item import LooseWire, WireCutter, WireItem
from nodeflow.app.canvas.nodegraphqt.viewer import ViewerBase
from nodeflow.app.canvas.view.items_at import ItemsAt
from nodeflow.app.canvas.view.viewport import Viewport
from nodeflow.app.i18n.texts import tr
from nodeflow.graph.model.catalogue import fits

Judge = Callable[[Port, Port], str]
_CLICK_PIXELS = 4


class WireDrag(QObject):
    """The wire in hand. What comes of it is told by the viewer's signal ``connection_changed``.

    ``judge`` says why a wire between two ports cannot be laid; ``refused`` passes the reason on, with the place.
    ``dropped``: on empty canvas, from a port. ``no_longer_refused``: what was said of a port holds no longer.
    """

    dropped = Signal(Port, QPointF)
    refused = Signal(str, QPointF)
    no_longer_refused = Signal()

    def __init__(self, viewer: ViewerBase, items: ItemsAt, camera: Viewport) -> None:
        super().__init__(viewer)
        self._viewer, self._items, self._camera = viewer, items, camera
        self.judge: Judge = lambda start, end: ""
        self._start: Port | None = None
        self._lifted: WireItem | None = None
        self._judged: tuple[Port, str] | None = None
        self._told = False
        self.loose = LooseWire()
        viewer.use_wires(self.loose, WireCutter())

    @property
    def active(self) -> bool:
        """Return whether a wire is being drawn."""
        return self._start is not None

    def begin(self, port: Port, pos: QPointF) -> None:
        """Take up a wire at a port: a new one, or the end of the one that an input has."""
        if port.is_input and port.wires:
            self._lifted = port.wires[-1]
            self._lifted.setVisible(False)
            port = self._lifted.source
        self._start = port
        for card in self._items.cards():
            for other in card.ports():
                other.offered = card is not port.card and other.is_input != port.is_input and _fit(port, other)
            card.update()
        self.loose.follow(port, pos, False)

    def drop(self) -> None:
        """Let go of the wire in hand; one that was lifted falls back to its place."""
        if self._lifted is not None:
            self._lifted.setVisible(True)
        self._lifted = self._start = self._judged = None
        self._take_back()
        self.loose.reset_path()
        for card in self._items.cards():
            for port in card.ports():
                port.offered = False
            card.update()

    # --- what the pointer does over the scene

    def press(self, event: QGraphicsSceneMouseEvent) -> None:
        """Begin a wire at a port, or end the one that follows the pointer."""
        if self.active:
            self.release(event)
            return
        if event.button() != Qt.MouseButton.LeftButton or self._viewer.alt_held:
            return
        pos = event.scenePos()
        port = self._items.port(pos) if self._camera.zoom >= style.FLAT else None
        if port is not None:
            self.begin(port, pos)

    def move(self, event: QGraphicsSceneMouseEvent) -> None:
        """Lead the wire to the pointer, or to the port below it."""
        if self._start is None:
            return
        pos = event.scenePos()
        end = self._items.port(pos)
        reason = self.reason(self._start, end) if end is not None else ""
        if not reason:
            self._take_back()
        if end is not None and end is not self._start:
            pos = end.centre()
        self.loose.follow(self._start, pos, bool(reason))

    def release(self, event: QGraphicsSceneMouseEvent) -> None:
        """The button goes up (or down again, after a click on a port): lay the wire, or say why not."""
        start, lifted = self._start, self._lifted
        if start is None:
            return
        pos = event.scenePos()
        end = self._items.port(pos)
        if end is start or (lifted is not None and end is lifted.target and _clicked(event)):
            if lifted is not None:
                self.drop()
            return  # a click: the wire keeps following the pointer until the next one
        card = None if end is not None else self._items.card(pos)
        if end is None and card is not None and card is not start.card:
            end = _best(card)
            if end is None:
                self.drop()
                self.refused.emit(_no_port(start, card), pos)
                return
        reason = self.judge(start, end) if end is not None else ""
        self.drop()
        gone = [(lifted.target, lifted.source)] if lifted is not None and lifted.target is not end else []
        if end is None:
            if gone and card is None:
                self._viewer.connect_wires(list(gone), [])
            elif card is None:
                self.dropped.emit(start, pos)
        elif reason:
            self.refused.emit(reason, end.centre())
        elif lifted is None or lifted.target is not end:
            self._viewer.connect_wires(list(gone), [(start, end)])

    def reason(self, start: Port, end: Port) -> str:
        """Say why the wire in hand cannot end at a port; asked once for each port that it passes."""
        if end is start:
            return ""
        if self._judged is None or self._judged[0] is not end:
            self._take_back()
            self._judged = (end, self.judge(start, end))
        if self._judged[1] and not self._told:
            self._told = True
            self.refused.emit(self._judged[1], end.centre())
        return self._judged[1]

    def _take_back(self) -> None:
        """The wire is over nothing that refuses it, or is no longer in hand."""
        if self._told:
            self._told = False
            self._judged = None
            self.no_longer_refused.emit()


def _clicked(event: QGraphicsSceneMouseEvent) -> bool:
    moved = event.screenPos() - event.buttonDownScreenPos(Qt.MouseButton.LeftButton)
    return moved.manhattanLength() <= _CLICK_PIXELS


def _best(card: NodeItem) -> Port | None:
    """Return where a wire that is dropped on a node ends: a free port that needs one, else any that fits."""
    offered = [port for port in card.ports() if port.offered]
    return min(offered, key=lambda port: (port.is_row, bool(port.wires), port.optional), default=None)


def _fit(a: Port, b: Port) -> bool:
    return fits(b.wire_type, a.wire_type) if a.is_input else fits(a.wire_type, b.wire_type)


def _no_port(start: Port, card: NodeItem) -> str:
    if start.is_input:
        return tr("{0!r} gives nothing that fits {1}, which takes {2}").format(card.id, start.name, start.wire_type)
    return tr("no input of {0!r} takes {1}").format(card.id, start.wire_type)
