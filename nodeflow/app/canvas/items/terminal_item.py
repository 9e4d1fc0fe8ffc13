"""The ends of a subgraph on the canvas, seen from inside: what comes in at the left, what goes out at the right."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.i18n.texts import readable, tr
from nodeflow.graph.subgraphs.instances import MORE

_WIDTH, _HEAD = 168.0, 32.0


class TerminalItem(NodeItem):
    """A terminal with its exposed ports, and an open one at which a wire exposes something new."""

    can_be_shaped = False

    def arrange(self) -> None:
        self.prepareGeometryChange()
        self.rows = []
        ports = self.inputs or self.outputs
        height = _HEAD + len(ports) * style.ROW + 6
        self.set_size(_WIDTH, height)
        self.body = QRectF(0, 0, _WIDTH, height)
        self.outline = self.body.adjusted(-8, -3, 8, 3)
        self._shape = QPainterPath()
        self._shape.addRect(self.body)
        for number, port in enumerate(ports):
            port.setPos(0 if port.is_input else _WIDTH, _HEAD + (number + 0.5) * style.ROW)
        self._redraw_wires()
        self.update()

    def label_rect(self, port: Port) -> QRectF:
        """Return where the name of a port stands."""
        return QRectF(14, port.y() - style.ROW / 2 + 1, _WIDTH - 28, style.ROW - 2)

    def port_beside(self, pos: QPointF) -> Port | None:
        """The exposed port whose line a point of the terminal is on; None for the open one."""
        found = (port for port in self.ports() if abs(port.y() - pos.y()) <= style.ROW / 2)
        return next((port for port in found if port.name != MORE), None)

    def show_picture(self, picture: QPixmap | None, of_file: bool = False) -> None:
        """It shows none."""

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        zoom = painter.worldTransform().m11()
        if zoom < style.FLAT:
            painter.fillRect(self.body, style.colour("accent" if self.isSelected() else "raised"))
            return
        painter.setPen(style.pen("accent" if self.isSelected() else "faint", 1.6))
        painter.setBrush(style.colour("raised"))
        painter.drawRoundedRect(self.body, style.RADIUS * 2, style.RADIUS * 2)
        leaving = bool(self.outputs)
        painter.setPen(style.colour("text"))
        painter.setFont(style.font("title"))
        title = style.text(tr("Inputs") if leaving else tr("Outputs"), "title", _WIDTH - 28)
        across = _WIDTH - 14 - title.size().width() if leaving else 14
        painter.drawStaticText(QPointF(across, (_HEAD - title.size().height()) / 2 + 2), title)
        for port in self.ports():
            if zoom >= style.PLAIN:
                self._label(painter, port)
            self._dot(painter, port)

    def _label(self, painter: QPainter, port: Port) -> None:
        painter.setFont(style.font("label"))
        painter.setPen(style.colour("faint" if port.name == MORE else "dim"))
        words = style.text(tr("expose…") if port.name == MORE else readable(port.name), "label", _WIDTH - 28)
        across = 14 if port.is_input else _WIDTH - 14 - words.size().width()
        painter.drawStaticText(QPointF(across, port.y() - words.size().height() / 2), words)

    def _dot(self, painter: QPainter, port: Port) -> None:
        shade = style.port_colour(port.wire_type)
        radius = 6.5 if port.hovered or port.offered else 5.0
        if port.name == MORE:
            painter.setPen(QPen(style.colour("text" if port.hovered or port.offered else "dim"), 1.8))
            painter.setBrush(style.colour("raised"))
            painter.drawEllipse(port.pos(), radius, radius)
            arm = QPointF(radius - 2.5, 0)
            painter.drawLine(port.pos() - arm, port.pos() + arm)
            painter.drawLine(port.pos() - arm.transposed(), port.pos() + arm.transposed())
            return
        painter.setPen(QPen(shade, 1.8))
        painter.setBrush(shade if port.wires or port.hovered else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(port.pos(), radius, radius)
