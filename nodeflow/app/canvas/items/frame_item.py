"""A frame: a titled, coloured rectangle behind nodes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.annotation_item import AnnotationItem, shade
from nodeflow.app.i18n.pack_translations import told
from nodeflow.app.i18n.texts import tr
from nodeflow.graph.model.annotation import Annotation

TITLE = 32.0
"""The height of a frame's title bar."""
_RIM = 10.0
_SMALLEST_TEXT = 11.0


class FrameItem(AnnotationItem):
    """Pressed at its title and its rim; what lies in it stays free for the pointer."""

    def show_annotation(self, annotation: Annotation) -> None:
        super().show_annotation(annotation)
        # a frame that begins further down covers no title of another, and one inside another begins further down
        self.setZValue(-10 + annotation.y * 1e-6)

    def title_rect(self) -> QRectF:
        """Return where its title stands."""
        return QRectF(8, 3, max(40.0, self.size[0] - 16), TITLE - 6)

    def shape(self) -> QPainterPath:
        path, inner = QPainterPath(), self.body.adjusted(_RIM, TITLE, -_RIM, -_RIM)
        path.addRect(self.body)
        path.addRect(inner)  # the even-odd rule cuts it out
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        zoom, name = painter.worldTransform().m11(), self.annotation.colour
        chosen = self.isSelected()
        if zoom < style.FLAT:
            painter.fillRect(self.body, shade(name, 0.16))
        else:
            painter.setPen(QPen(style.colour("accent") if chosen else shade(name, 0.6), 1.6 if chosen else 1.0))
            painter.setBrush(shade(name, 0.13))
            painter.drawRoundedRect(self.body, style.RADIUS, style.RADIUS)
            painter.save()
            painter.setClipRect(QRectF(0, 0, self.size[0], TITLE), Qt.ClipOperation.IntersectClip)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(shade(name, 0.34))
            painter.drawRoundedRect(self.body.adjusted(1, 1, -1, -1), style.RADIUS - 1, style.RADIUS - 1)
            painter.restore()
            self._write(painter, zoom)

    def write_above(self, painter: QPainter, zoom: float) -> None:
        if zoom < style.FLAT:
            painter.save()
            painter.translate(self.pos())
            self._write(painter, zoom)
            painter.restore()

    def boundingRect(self) -> QRectF:
        return super().boundingRect().adjusted(0, -self._over, 0, 0)

    @property
    def _over(self) -> float:
        """The most room that its title takes above it."""
        return 1.4 * max(15.0, self.size[1] / 3)

    def _write(self, painter: QPainter, zoom: float) -> None:
        """The title; in an image that is zoomed out larger, and above the nodes, so that it can still be read."""
        words = told(self.annotation.text)
        font = QFont(style.font("title"))
        pixels = min(max(15.0, _SMALLEST_TEXT / zoom), max(15.0, self.size[1] / 3))
        font.setPixelSize(round(pixels))
        painter.setFont(font)
        painter.setPen(style.colour("text" if words else "faint"))
        room = QRectF(12, 0, self.size[0] - 24, max(TITLE, pixels * 1.5))
        if zoom < style.FLAT:
            room = QRectF(4, -1.4 * pixels, self.size[0] - 8, 1.4 * pixels)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        cut = painter.fontMetrics().elidedText(words or tr("Frame"), Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, int(flags), cut)


def around(areas: list[QRectF]) -> QRectF:
    """The box of a frame that holds these areas."""
    whole = QRectF()
    for area in areas:
        whole = whole.united(area)
    box = whole.adjusted(-24, -24 - TITLE, 24, 24)
    return QRectF(QPointF(round(box.x()), round(box.y())), QPointF(round(box.right()), round(box.bottom())))
