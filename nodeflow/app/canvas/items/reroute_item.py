"""A reroute on the canvas: a dot that a wire passes, with its ends left and right of where it is grabbed."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.node_item import NodeItem

_WIDTH, _HEIGHT, _PULL = 40.0, 18.0, 24.0
MIDDLE = QPointF(_WIDTH / 2, _HEIGHT / 2)
"""The middle of a dot, from its corner."""


class RerouteItem(NodeItem):
    """A node that only passes on what it takes, in the colour of that."""

    can_be_shaped = False

    def arrange(self) -> None:
        self.prepareGeometryChange()
        self.rows = []
        self.set_size(_WIDTH, _HEIGHT)
        self.body = QRectF(0, 0, _WIDTH, _HEIGHT)
        self.outline = self.body.adjusted(-8, -4, 8, 4)
        self._shape = QPainterPath()
        self._shape.addRect(self.body)
        for port in self.ports():
            port.setPos(0 if port.is_input else _WIDTH, MIDDLE.y())
            port.pull = _PULL
        self._redraw_wires()
        self.update()

    def carry(self, wire_type: str) -> bool:
        """Take the type of what flows through; whether that is another than before."""
        changed = any(port.wire_type != wire_type for port in self.ports())
        for port in self.ports():
            port.wire_type = wire_type
            for wire in port.wires:
                wire.restyle()
        if changed:
            self.update()
        return changed

    def show_picture(self, picture: QPixmap | None, of_file: bool = False) -> None:
        """It shows none."""

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        shade = style.port_colour(self.outputs[0].wire_type)
        if painter.worldTransform().m11() < style.FLAT:
            painter.fillRect(self.body, style.colour("accent") if self.isSelected() else shade)
            return
        painter.setPen(QPen(shade, 2.0))
        painter.drawLine(QPointF(0, MIDDLE.y()), QPointF(_WIDTH, MIDDLE.y()))
        bad = bool(self.problems)
        chosen = self.isSelected()
        painter.setPen(style.pen("accent" if chosen else "bad" if bad else "canvas", 2.0))
        painter.setBrush(shade)
        painter.drawEllipse(MIDDLE, 7.0, 7.0)
        painter.setPen(Qt.PenStyle.NoPen)
        for port in self.ports():
            if port.hovered or port.offered or not port.wires:
                painter.setBrush(shade.lighter(125) if port.hovered else shade)
                painter.drawEllipse(port.pos(), 5.0, 5.0)
