"""An image with boxes or points on it: drawn, moved and sized by mouse and keys."""

from __future__ import annotations

import itertools
from collections.abc import Hashable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from nodeflow.app.qt import theme
from nodeflow.app.qt.image_plane import ZOOM_STEP, ImagePlane
from nodeflow.app.qt.places_drawing import LEAST, PlacesDrawing, area_of

REACH = 7.0
"""Points of the screen from an edge or a point within which it is pressed."""
STEP, LONG_STEP = 1, 10
"""Pixels that an arrow moves a place, and with Shift."""
LINE, SHADOW, CHOSEN = QColor(255, 255, 255, 235), QColor(0, 0, 0, 170), QColor(255, 190, 40)
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class PlacesView(QWidget):
    """A drag on free ground draws a box, a click there sets a point; one on a place moves it, on an edge sizes it.
    With Shift it draws wherever it begins.

    The middle button moves the image, the wheel zooms. Arrows move the chosen place, with Shift ten pixels, with Ctrl
    they size it; Page Up and Page Down choose another.
    """

    def __init__(self, image: QImage, drawing: PlacesDrawing) -> None:
        super().__init__()
        self.image, self.drawing = image, drawing
        self.plane = ImagePlane(self, drawing.size)
        drawing.changed.connect(self.update)
        self._gestures = itertools.count()
        self._gesture: Hashable = None
        self._from = QPointF()
        self._area = QRectF()
        self._edges = (0, 0)
        self._held: int | None = None
        self._pans: QPointF | None = None
        self.setAccessibleName(self.tr("Image to draw on"))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 160)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    # --- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme.colour("canvas"))
        area = self.plane.area()
        if self.image.isNull():
            painter.fillRect(area, theme.colour("raised"))
        else:
            smooth = self.plane.scale < 2
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawImage(area, self.image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number in range(len(self.drawing.places)):
            if number != self.drawing.chosen:
                self._draw(painter, number)
        if self.drawing.place is not None:
            self._draw(painter, self.drawing.chosen)

    def _draw(self, painter: QPainter, number: int) -> None:
        place, chosen = self.drawing.places[number], number == self.drawing.chosen
        shown = self._on_screen(area_of(place))
        colour = CHOSEN if chosen else LINE
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(SHADOW, 4), QPen(colour, 2)):
            painter.setPen(pen)
            if self.drawing.points:
                middle = shown.topLeft()
                painter.drawEllipse(middle, REACH, REACH)
                painter.drawLine(middle - QPointF(2 * REACH, 0), middle + QPointF(2 * REACH, 0))
                painter.drawLine(middle - QPointF(0, 2 * REACH), middle + QPointF(0, 2 * REACH))
            else:
                painter.drawRect(shown)
        if chosen and not self.drawing.points:
            painter.setPen(QPen(SHADOW, 1))
            painter.setBrush(colour)
            for x in (shown.left(), shown.center().x(), shown.right()):
                for y in (shown.top(), shown.center().y(), shown.bottom()):
                    if QPointF(x, y) != shown.center():
                        painter.drawRect(QRectF(x - 4, y - 4, 8, 8))
        if self.drawing.several:
            self._label(painter, shown, f"{number + 1}  {place.description or place.text}".rstrip(), colour)

    def _label(self, painter: QPainter, shown: QRectF, words: str, colour: QColor) -> None:
        """Number and words of a place: inside its upper left corner, or beside its point, within the view."""
        metrics = painter.fontMetrics()
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(int(shown.width()) - 12, 90))
        size = QSize(metrics.horizontalAdvance(words) + 10, metrics.height() + 4)
        corner = shown.topLeft() + (QPointF(REACH + 4, REACH + 4) if self.drawing.points else QPointF(1, 1))
        x = min(max(corner.x(), 0), max(self.width() - size.width(), 0))
        y = min(max(corner.y(), 0), max(self.height() - size.height(), 0))
        area = QRectF(x, y, size.width(), size.height())
        painter.fillRect(area, SHADOW)
        painter.setPen(colour)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)

    def _on_screen(self, area: QRectF) -> QRectF:
        """Where an area is seen; a point is the middle of its pixel."""
        if self.drawing.points:
            area = area.translated(0.5, 0.5)
        return QRectF(self.plane.on_screen(area.topLeft()), self.plane.on_screen(area.bottomRight()))

    # --- hands

    def at(self, pos: QPointF) -> tuple[int, tuple[int, int]]:
        """Return the place under a point of the widget (-1: none), the chosen one first, and which edges are there."""
        order = list(range(len(self.drawing.places)))[::-1]
        if self.drawing.place is not None:
            order.remove(self.drawing.chosen)
            order.insert(0, self.drawing.chosen)
        for number in order:
            area = self._on_screen(area_of(self.drawing.places[number]))
            if not area.adjusted(-REACH, -REACH, REACH, REACH).contains(pos):
                continue
            edges = (0, 0) if self.drawing.points else _edges(area, pos)
            if edges == (0, 0) and self._fills(number):
                continue
            return number, edges
        return -1, (0, 0)

    def _fills(self, number: int) -> bool:
        """Return whether a place covers the whole image: it cannot be moved, and what is drawn on it is another."""
        area, size = area_of(self.drawing.places[number]), self.drawing.size
        return not self.drawing.points and area.contains(QRectF(0, 0, size.width(), size.height()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._pans = event.position()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press(event.position(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def _press(self, pos: QPointF, anew: bool) -> None:
        """Take what is under the pointer; ``anew``: draw another, whatever is there."""
        number, self._edges = (-1, (0, 0)) if anew else self.at(pos)
        self._from, self._gesture = self.plane.on_image(pos), ("drag", next(self._gestures))
        self._held = number
        self.drawing.choose(number)
        if number >= 0:
            self._area = area_of(self.drawing.places[number])
        elif self.drawing.points:
            self.drawing.add(QRectF(self._from, self._from), self._gesture)
            self._held, self._area = self.drawing.chosen, QRectF(self._from, self._from)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pos = event.position()
        if self._pans is not None:
            self.plane.drag(pos - self._pans)
            self._pans = pos
        elif self._held is not None:
            self._drag(self.plane.on_image(pos))
        else:
            self._point(pos)

    def _drag(self, at: QPointF) -> None:
        if self._held == -1:
            if abs(at.x() - self._from.x()) >= LEAST and abs(at.y() - self._from.y()) >= LEAST:
                self._begin_box(at)
            return
        if self._held is not None:
            self.drawing.lay(self._held, self._laid(at - self._from), self._gesture)

    def _begin_box(self, at: QPointF) -> None:
        """What is drawn from here on is a box, which follows by its far corner."""
        self.drawing.add(QRectF(self._from, at), self._gesture)
        self._held, self._area = self.drawing.chosen, QRectF(self._from, self._from)
        self._edges = (1, 1)

    def _laid(self, by: QPointF) -> QRectF:
        """The area that was pressed, moved or pulled by its edges, within the image."""
        area, (across, down) = QRectF(self._area), self._edges
        size = self.drawing.size
        if not (across or down):
            area.translate(by)
            area.moveLeft(min(max(area.left(), 0), max(size.width() - area.width(), 0)))
            area.moveTop(min(max(area.top(), 0), max(size.height() - area.height(), 0)))
            return area
        sides = [area.left(), area.top(), area.right(), area.bottom()]
        if across:
            sides[1 + across] = min(max(sides[1 + across] + by.x(), 0), size.width())
        if down:
            sides[2 + down] = min(max(sides[2 + down] + by.y(), 0), size.height())
        return QRectF(QPointF(sides[0], sides[1]), QPointF(sides[2], sides[3])).normalized()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._pans = None
        elif event.button() == Qt.MouseButton.LeftButton:
            self._held = None

    def _point(self, pos: QPointF) -> None:
        """Show by the pointer what a press would do."""
        number, edges = self.at(pos)
        shapes = Qt.CursorShape
        shape = shapes.CrossCursor if number < 0 else shapes.SizeAllCursor
        if edges[0] and edges[1]:
            shape = shapes.SizeFDiagCursor if edges[0] == edges[1] else shapes.SizeBDiagCursor
        elif edges[0] or edges[1]:
            shape = shapes.SizeHorCursor if edges[0] else shapes.SizeVerCursor
        self.setCursor(shape)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.plane.zoom_at(self.plane.on_image(event.position()), ZOOM_STEP ** (event.angleDelta().y() / 120))
        event.accept()

    # --- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, place = event.key(), self.drawing.place
        if key in _ARROWS and place is not None:
            held = event.modifiers()
            far = LONG_STEP if held & Qt.KeyboardModifier.ShiftModifier else STEP
            self._area = area_of(place)
            sizes = bool(held & Qt.KeyboardModifier.ControlModifier) and not self.drawing.points
            self._edges = (1, 1) if sizes else (0, 0)
            x, y = _ARROWS[Qt.Key(key)]
            self.drawing.lay(self.drawing.chosen, self._laid(QPointF(x * far, y * far)), ("key", self.drawing.chosen))
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self.drawing.choose_next(1 if key == Qt.Key.Key_PageDown else -1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            size = self.drawing.size
            middle = QPointF(size.width() / 2, size.height() / 2) if place is None else area_of(place).center()
            self.plane.zoom_at(middle, 1 / ZOOM_STEP if key == Qt.Key.Key_Minus else ZOOM_STEP)
        elif key == Qt.Key.Key_0:
            self.plane.camera.reset()
        else:
            super().keyPressEvent(event)

    def add_in_the_middle(self) -> None:
        """Add a place in the middle of the image, as those do who have no pointer."""
        size = self.drawing.size
        wide, high = (0.0, 0.0) if self.drawing.points else (size.width() / 4, size.height() / 4)
        self.drawing.add(QRectF((size.width() - wide) / 2, (size.height() - high) / 2, wide, high))


def _edges(area: QRectF, pos: QPointF) -> tuple[int, int]:
    """Which edges of an area are near: -1 left or upper, 1 right or lower, 0 none. In a small one they reach less."""
    near = min(REACH, area.width() / 3), min(REACH, area.height() / 3)
    across = -1 if pos.x() < area.left() + near[0] else int(pos.x() > area.right() - near[0])
    down = -1 if pos.y() < area.top() + near[1] else int(pos.y() > area.bottom() - near[1])
    return across, down
