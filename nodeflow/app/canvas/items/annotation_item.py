"""Behaviour shared by frames and notes: they are pressed, moved with what lies in them, resized at their edges."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneHoverEvent, QGraphicsSceneMouseEvent

from nodeflow.app.canvas.items import style
from nodeflow.app.qt import theme
from nodeflow.graph.model.annotation import Annotation

SMALLEST = (90.0, 56.0)
_EDGE = 9.0
_HUES = {"red": 2, "orange": 28, "yellow": 48, "green": 140, "teal": 178, "blue": 214, "purple": 268, "pink": 326}
COLOURS = ("grey", *_HUES)
"""The colours that frames and notes may have, by the name that the file keeps."""


def shade(name: str, strength: float) -> QColor:
    """The named colour as a tint of the canvas: ``strength`` from 0 (the ground) to 1."""
    ground = style.colour("canvas")
    dark = theme.current().dark
    saturation = 0.55 if name in _HUES else 0.06
    full = QColor.fromHslF(_HUES.get(name, 216) / 360, saturation, 0.62 if dark else 0.48)
    return QColor(*(round(a + (b - a) * strength) for a, b in zip(ground.getRgb()[:3], full.getRgb()[:3], strict=True)))


class AnnotationItem(QGraphicsItem):
    """A frame or a note. It shows what it is told; what the hand did to it is told by ``done``.

    ``inside`` finds what moves with it.
    """

    def __init__(self, name: str, annotation: Annotation) -> None:
        super().__init__()
        flags = QGraphicsItem.GraphicsItemFlag
        self.setFlags(flags.ItemIsSelectable | flags.ItemIsMovable)
        self.setAcceptHoverEvents(True)
        self.name = name
        self.inside: Callable[[AnnotationItem], list[QGraphicsItem]] = lambda item: []
        self.done: Callable[[AnnotationItem, list[QGraphicsItem]], None] = lambda item, moved: None
        self._carries: list[QGraphicsItem] = []
        self._edges = (0, 0)
        self.annotation = annotation
        self.show_annotation(annotation)

    def show_annotation(self, annotation: Annotation) -> None:
        """Take another place, size, text or colour."""
        self.prepareGeometryChange()
        self.annotation = annotation
        self.size = (annotation.width, annotation.height)
        self.setPos(annotation.x, annotation.y)
        self.update()

    @property
    def body(self) -> QRectF:
        """Its box, in its own coordinates."""
        return QRectF(0, 0, *self.size)

    def mark(self) -> QColor:
        """Its colour on the minimap."""
        return shade(self.annotation.colour, 0.4)

    @property
    def shown(self) -> Annotation:
        """The annotation as it stands on the canvas now, in the middle of a drag too."""
        x, y, (width, height) = self.x(), self.y(), self.size
        return msgspec.structs.replace(self.annotation, x=x, y=y, width=width, height=height)

    def write_above(self, painter: QPainter, zoom: float) -> None:
        """Write, in the scene's places, what no node may cover."""

    def boundingRect(self) -> QRectF:
        return self.body.adjusted(-4, -4, 4, 4)

    def edges_at(self, pos: QPointF) -> tuple[int, int]:
        """Return which edges a point grabs: -1 left or top, 1 right or bottom, 0 none."""
        body = self.body
        across = -1 if pos.x() < _EDGE else 1 if pos.x() > body.right() - _EDGE else 0
        down = -1 if pos.y() < _EDGE / 2 else 1 if pos.y() > body.bottom() - _EDGE else 0
        return across, down

    def hoverMoveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        shapes = Qt.CursorShape
        across, down = self.edges_at(event.pos())
        if across and down:
            self.setCursor(shapes.SizeFDiagCursor if across == down else shapes.SizeBDiagCursor)
        elif across or down:
            self.setCursor(shapes.SizeHorCursor if across else shapes.SizeVerCursor)
        else:
            self.unsetCursor()

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._edges = self.edges_at(event.pos())
            self._carries = [] if any(self._edges) else [item for item in self.inside(self) if not item.isSelected()]

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if any(self._edges):
            self._resize(event.scenePos())
            return
        before = self.pos()
        super().mouseMoveEvent(event)
        moved = self.pos() - before
        for item in self._carries:
            item.moveBy(moved.x(), moved.y())

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            carried, self._carries, self._edges = self._carries, [], (0, 0)
            self.done(self, carried)

    def _resize(self, to: QPointF) -> None:
        left, top, (width, height) = self.x(), self.y(), self.size
        right, bottom = left + width, top + height
        across, down = self._edges
        if across < 0:
            left = min(to.x(), right - SMALLEST[0])
        elif across > 0:
            right = max(to.x(), left + SMALLEST[0])
        if down < 0:
            top = min(to.y(), bottom - SMALLEST[1])
        elif down > 0:
            bottom = max(to.y(), top + SMALLEST[1])
        self.reshape(round(left), round(top), round(right) - round(left), round(bottom) - round(top))

    def reshape(self, x: float, y: float, width: float, height: float) -> None:
        """Take another box on the canvas; the document learns of it with the next kept move."""
        self.prepareGeometryChange()
        self.size = (width, height)
        self.setPos(x, y)
        self.update()
