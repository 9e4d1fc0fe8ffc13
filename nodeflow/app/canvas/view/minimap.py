"""A small map of everything in a corner of the canvas; press or drag there to go there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QGraphicsView

from nodeflow.app.canvas.items import style

_WIDTH, _HEIGHT, _MARGIN, _PAD = 210, 146, 14, 7
_DELAY = 120
_SMALLEST = 2.0

Marks = Callable[[], Iterable[tuple[QRectF, QColor]]]


class Minimap(QObject):
    """Painted by the view over its items, so that Qt still moves what is painted when the view is scrolled.

    ``marks`` gives the areas to draw, those behind first. It is hidden while everything is in view, and in a
    view that it would cover much of.
    """

    def __init__(self, view: QGraphicsView) -> None:
        super().__init__(view)
        self._view = view
        self.marks: Marks = list
        self.enabled = True
        self._picture: QPixmap | None = None
        self._world = QRectF()
        self._held = False
        self._soon = QTimer(self, interval=_DELAY, singleShot=True)
        self._soon.timeout.connect(self.redraw)

    # --- when it is drawn

    def later(self) -> None:
        """Something has changed: draw the map anew, once for all changes of a moment."""
        if not self._soon.isActive():
            self._soon.start()

    def redraw(self) -> None:
        """Draw the map anew."""
        self._picture = None
        self._view.viewport().update(self.area())

    def show(self, shown: bool) -> None:
        """Turn it on or off."""
        self.enabled = shown
        self._view.viewport().update(self.area())

    def scrolled(self, dx: int, dy: int) -> None:
        """The view has moved what is painted, the map with it: paint both places again."""
        if self.enabled:
            self._view.viewport().update(self.area())
            self._view.viewport().update(self.area().translated(dx, dy))

    def area(self) -> QRect:
        """Return where it lies in the viewport."""
        inside = self._view.viewport().rect()
        return QRect(inside.right() - _WIDTH - _MARGIN, inside.bottom() - _HEIGHT - _MARGIN, _WIDTH, _HEIGHT)

    @property
    def shown(self) -> bool:
        """Return whether there is something to see on it: it is on, and not everything is in view."""
        room = self._view.viewport()
        if not self.enabled or room.width() < 3 * _WIDTH or room.height() < 3 * _HEIGHT:
            return False
        self._draw()
        return not self._world.isEmpty() and not self._seen().contains(self._world)

    # --- painting

    def paint(self, painter: QPainter) -> None:
        """Paint it over the view; the painter's coordinates are the viewport's."""
        if not self.shown or self._picture is None:
            return
        area = self.area()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(style.colour("panel"))
        ground.setAlpha(235)
        painter.setPen(style.pen("line"))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.drawPixmap(area.topLeft(), self._picture)
        seen = self._seen()
        corners = self._to_map(seen.topLeft()), self._to_map(seen.bottomRight())
        frame = QRectF(*corners).intersected(QRectF(area).adjusted(2, 2, -2, -2))
        veil = QColor(style.colour("text"))
        veil.setAlpha(18)
        painter.setBrush(veil)
        painter.setPen(style.pen("dim", 1.2))
        painter.drawRoundedRect(frame, 2, 2)

    def _draw(self) -> None:
        if self._picture is not None:
            return
        marks = list(self.marks())
        corners = [box.getCoords() for box, _ in marks]
        left, top, right, bottom = zip(*corners, strict=True) if corners else ((0.0,),) * 4
        self._world = QRectF(QPointF(min(left), min(top)), QPointF(max(right), max(bottom)))
        ratio = self._view.devicePixelRatioF()
        self._picture = QPixmap(round(_WIDTH * ratio), round(_HEIGHT * ratio))
        self._picture.setDevicePixelRatio(ratio)
        self._picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._picture)
        scale, origin = self._scale(), self._to_map(QPointF(0, 0)) - QPointF(self.area().topLeft())
        x, y = origin.x(), origin.y()
        for (left, top, right, bottom), (_, shade) in zip(corners, marks, strict=True):
            wide, high = max(_SMALLEST, (right - left) * scale), max(_SMALLEST, (bottom - top) * scale)
            painter.fillRect(QRectF(x + left * scale, y + top * scale, wide, high), shade)
        painter.end()

    def _scale(self) -> float:
        wide, high = max(1.0, self._world.width()), max(1.0, self._world.height())
        return min((_WIDTH - 2 * _PAD) / wide, (_HEIGHT - 2 * _PAD) / high)

    def _to_map(self, pos: QPointF) -> QPointF:
        return QPointF(self.area().center()) + (pos - self._world.center()) * self._scale()

    def _seen(self) -> QRectF:
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    # --- the pointer

    def press(self, pos: QPointF) -> bool:
        """The left button goes down; whether that is the map's business, as things stand by now."""
        if self._soon.isActive():
            self._soon.stop()
            self.redraw()
        self._held = self.shown and self.area().contains(pos.toPoint())
        self.drag(pos)
        return self._held

    def drag(self, pos: QPointF) -> bool:
        """The pointer moves; whether the map is held."""
        if self._held:
            to = self._world.center() + (pos - QPointF(self.area().center())) / self._scale()
            self._view.centerOn(to)
        return self._held

    def release(self) -> bool:
        """The button goes up; whether the map was held."""
        held, self._held = self._held, False
        return held
