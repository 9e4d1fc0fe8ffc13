"""Wires between ports, and the one that follows the pointer."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath, QPainterPathStroker
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QGraphicsSceneHoverEvent

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.nodegraphqt.items import PipeItemBase

_SELECTED = QGraphicsItem.GraphicsItemChange.ItemSelectedHasChanged
_SELECTABLE = QGraphicsItem.GraphicsItemFlag.ItemIsSelectable


def curve(start: QPointF, end: QPointF, start_pull: float = 160.0, end_pull: float = 160.0) -> QPainterPath:
    """The way of a wire from an output to an input: level at both ends, wider when it has to go back.

    ``start_pull`` and ``end_pull``: how far it goes straight on at most.
    """
    x, y = start.toTuple()
    to_x, to_y = end.toTuple()
    across = to_x - x
    pull = 60.0 - across * 0.5 if across < 0 else max(28.0, across * 0.5)
    path = QPainterPath(start)
    path.cubicTo(x + min(start_pull, pull), y, to_x - min(end_pull, pull), to_y, to_x, to_y)
    return path


class WireItem(PipeItemBase):
    """A wire of the workflow, in the colour of what flows on it. Painted by Qt itself, not in Python."""

    paint = QGraphicsPathItem.paint

    def __init__(self, source: Port, target: Port) -> None:
        super().__init__(source, target)
        self.setAcceptHoverEvents(True)
        self.setFlag(_SELECTABLE)
        self._invites = False
        source.wires.append(self)
        target.wires.append(self)
        self.restyle()
        self.draw_path()

    @property
    def source(self) -> Port:
        port: Port = self._output_port
        return port

    @property
    def target(self) -> Port:
        port: Port = self._input_port
        return port

    def draw_path(self, *_: Any, **__: Any) -> None:
        """Follow the ports."""
        source, target = self._output_port, self._input_port
        self.setPath(curve(source.centre(), target.centre(), source.pull, target.pull))

    def shape(self) -> QPainterPath:
        stroker = QPainterPathStroker()
        stroker.setWidth(10)
        return stroker.createStroke(self.path())

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: Any) -> Any:
        if change is _SELECTED:
            self.restyle()
        return value

    def hoverEnterEvent(self, _: QGraphicsSceneHoverEvent) -> None:
        self._active = True
        self.restyle()

    def hoverLeaveEvent(self, _: QGraphicsSceneHoverEvent) -> None:
        self._active = False
        self.restyle()

    def highlight(self) -> None:
        """Show that it belongs to a selected node."""
        if not self._highlight:
            self._highlight = True
            self.restyle()

    def invite(self) -> None:
        """Show that a node that is let go now goes into it."""
        self._invites = True
        self.restyle()

    def reset(self) -> None:
        self._active = self._highlight = self._invites = False
        self.restyle()

    def restyle(self) -> None:
        """Take the pen that its type, the pointer and the selection ask for."""
        if self._invites:
            self.setPen(style.pen("accent", 5.0))
            return
        width = 3.2 if self.isSelected() or self._active else 2.6 if self._highlight else 2.0
        chosen = style.pen("text", width) if self.isSelected() else style.wire_pen(self.source.wire_type, width)
        self.setPen(chosen)

    def delete(self) -> None:
        """Take it off its ports and out of the scene."""
        self.source.wires.remove(self)
        self.target.wires.remove(self)
        if self.scene() is not None:
            self.scene().removeItem(self)


class LooseWire(QGraphicsPathItem):
    """The wire that is being drawn from a port to the pointer. Dashed where it cannot be laid."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(1000)
        self.setVisible(False)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable, False)

    def follow(self, port: Port, end: QPointF, refused: bool) -> None:
        """Lead from a port to a point."""
        self.setPath(curve(end, port.centre()) if port.is_input else curve(port.centre(), end))
        chosen = style.pen("bad", 2.4) if refused else style.wire_pen(port.wire_type, 2.6)
        if refused:
            chosen = type(chosen)(chosen)
            chosen.setStyle(Qt.PenStyle.DashLine)
        self.setPen(chosen)
        self.setVisible(True)

    def reset_path(self) -> None:
        self.setVisible(False)


class WireCutter(QGraphicsPathItem):
    """The line that cuts the wires it crosses."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(1000)
        self.setVisible(False)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def draw_path(self, start: QPointF, end: QPointF) -> None:
        """Lead from a point to another."""
        path = QPainterPath(start)
        path.lineTo(end)
        self.setPath(path)
        pen = style.pen("bad", 2.0)
        pen = type(pen)(pen)
        pen.setStyle(Qt.PenStyle.DashLine)
        self.setPen(pen)
