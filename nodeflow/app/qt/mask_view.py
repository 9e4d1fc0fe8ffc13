"""An image with a mask painted over it: brush, eraser, boxes and outlines by mouse, pen and keys."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from nodeflow.app.qt import theme
from nodeflow.app.qt.image_plane import ZOOM_STEP, ImagePlane
from nodeflow.app.qt.mask_painting import Brush, MaskPainting

Tool = Literal["brush", "eraser", "box", "outline"]
SIZE_STEP = 1.15
MAX_RADIUS = 1024.0
TINT, HATCH = QColor(255, 60, 200, 130), QColor(255, 255, 255, 110)
"""The colour of what is painted, seldom in images, and the lines on it, which tell it apart from any image."""
_ARROWS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}


class MaskView(QWidget):
    """The left button paints, the right one erases, the middle one moves, the wheel zooms.

    ``brush_changed``: size or hardness is other. Arrows move the brush, Space puts a dab where it is, and with Shift
    the arrows paint on their way.
    """

    brush_changed = Signal()

    def __init__(self, image: QImage, painting: MaskPainting) -> None:
        super().__init__()
        self.image, self.painting = image, painting
        self.tool: Tool = "brush"
        self.brush = Brush(max(min(image.width(), image.height()) / 16, 1.0))
        self.plane = ImagePlane(self, image.size())
        painting.changed.connect(self._repaint)
        self.at = QPointF(image.width() / 2, image.height() / 2)
        """Where the brush is, in pixels of the image."""
        self._last: QPointF | None = None
        self._moved_from: QPointF | None = None
        self._outline = QPainterPath()
        self._erases = False
        self._begun = False
        self.setAccessibleName(self.tr("Image to paint a mask on"))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(320, 240)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    def area(self) -> QRectF:
        """Return where the image is drawn."""
        return self.plane.area()

    def on_image(self, pos: QPointF) -> QPointF:
        """A point of the widget in pixels of the image, also beside it."""
        return self.plane.on_image(pos)

    def on_screen(self, place: QPointF) -> QPointF:
        """A place of the image as a point of the widget."""
        return self.plane.on_screen(place)

    def set_brush(self, brush: Brush) -> None:
        """Take another brush, of a size and hardness that can be."""
        self.brush = brush._replace(
            radius=min(max(brush.radius, 0.5), MAX_RADIUS), hardness=min(max(brush.hardness, 0.0), 1.0)
        )
        self.brush_changed.emit()
        self.update()

    # --- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme.colour("canvas"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.area().width() < 2 * self.image.width())
        painter.drawImage(self.area(), self.image)
        painter.drawImage(event.rect().topLeft(), self._veil(event.rect()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._outline.isEmpty():
            _draw_twice(painter, self._outline_on_screen())
        elif self.tool in ("brush", "eraser") and (self.underMouse() or self.hasFocus()):
            circle, reach = QPainterPath(), self.brush.radius * self.plane.scale
            circle.addEllipse(self.on_screen(self.at), reach, reach)
            _draw_twice(painter, circle)

    def _veil(self, part: QRect) -> QImage:
        """The mask as a veil of colour over a part of the widget."""
        ratio = self.devicePixelRatioF()
        veil = QImage(part.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        veil.setDevicePixelRatio(ratio)
        veil.fill(Qt.GlobalColor.transparent)
        shown = QImage(self.painting.mask)
        shown.reinterpretAsFormat(QImage.Format.Format_Alpha8)
        painter = QPainter(veil)
        painter.translate(-part.topLeft())
        painter.drawImage(self.area(), shown)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        painter.fillRect(part, TINT)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceAtop)
        painter.fillRect(part, QBrush(HATCH, Qt.BrushStyle.BDiagPattern))
        painter.end()
        return veil

    def _outline_on_screen(self) -> QPainterPath:
        path = QPainterPath()
        for number in range(self._outline.elementCount()):
            element = self._outline.elementAt(number)
            place = self.on_screen(QPointF(element.x, element.y))  # type: ignore[attr-defined]
            path.lineTo(place) if number else path.moveTo(place)
        return path

    def _repaint(self, place: QRect) -> None:
        corners = self.on_screen(QPointF(place.topLeft())), self.on_screen(QPointF(place.bottomRight() + QPoint(1, 1)))
        self.update(QRectF(*corners).toAlignedRect().adjusted(-2, -2, 2, 2))

    def _move_brush(self, at: QPointF) -> None:
        """The brush is elsewhere: its ring there and where it was is drawn anew."""
        before, self.at = self.at, at
        reach = self.brush.radius * self.plane.scale + 3
        for place in (self.on_screen(before), self.on_screen(at)):
            self.update(QRectF(place.x() - reach, place.y() - reach, 2 * reach, 2 * reach).toAlignedRect())

    # --- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._moved_from = event.position()
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._press(event.position(), event.button() == Qt.MouseButton.RightButton, 1.0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._moved_from is not None:
            self.plane.drag(event.position() - self._moved_from)
            self._moved_from = event.position()
        else:
            self._drag(event.position(), 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._moved_from = None
        else:
            self._release()

    def tabletEvent(self, event: QTabletEvent) -> None:
        kind = event.type()
        if kind == QEvent.Type.TabletPress:
            eraser = event.pointerType() == event.pointerType().Eraser
            self._press(event.position(), eraser or event.button() == Qt.MouseButton.RightButton, event.pressure())
        elif kind == QEvent.Type.TabletMove:
            self._drag(event.position(), event.pressure())
        else:
            self._release()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_brush(self.brush._replace(radius=self.brush.radius * SIZE_STEP**turns))
        else:
            self.plane.zoom_at(self.on_image(event.position()), ZOOM_STEP**turns)
        event.accept()

    def leaveEvent(self, _: object) -> None:
        self.update()

    def enterEvent(self, _: object) -> None:
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in _ARROWS:
            paints = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._walk(_ARROWS[Qt.Key(key)] * max(self.brush.radius / 2, 1.0), paints)
        elif key == Qt.Key.Key_Space:
            self._walk(QPointF(), True)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            factor = 1 / ZOOM_STEP if key == Qt.Key.Key_Minus else ZOOM_STEP
            self.plane.zoom_at(self.at, factor)
        elif key == Qt.Key.Key_0:
            self.plane.camera.reset()
        else:
            super().keyPressEvent(event)

    def _walk(self, by: QPointF, paints: bool) -> None:
        to = self.at + by
        to = QPointF(min(max(to.x(), 0), self.image.width()), min(max(to.y(), 0), self.image.height()))
        if paints and self.tool in ("brush", "eraser"):
            self.painting.begin()
            self.painting.stroke(self.at, to, self.brush._replace(erases=self.tool == "eraser"))
            self.painting.end()
        self._move_brush(to)

    # --- one gesture

    def _press(self, pos: QPointF, other: bool, pressure: float) -> None:
        """Begin a stroke or an outline; ``other``: with the button or the end of the pen that erases."""
        if self._begun:
            return
        self._begun = True
        self._erases = other or self.tool == "eraser"
        self.at = self._last = self.on_image(pos)
        self.painting.begin()
        if self.tool in ("brush", "eraser"):
            self._paint_to(self.at, pressure)
        else:
            self._outline.moveTo(self.at)

    def _drag(self, pos: QPointF, pressure: float) -> None:
        at = self.on_image(pos)
        if self._begun and self._last is not None and self.tool in ("brush", "eraser"):
            self._paint_to(at, pressure)
        elif self._begun and self._last is not None:
            if self.tool == "box":
                self._outline = QPainterPath()
                self._outline.addRect(QRectF(self._last, at).normalized())
            else:
                self._outline.lineTo(at)
            self.update()
        self._move_brush(at)

    def _paint_to(self, at: QPointF, pressure: float) -> None:
        assert self._last is not None
        brush = self.brush.pressed(pressure) if pressure < 1 else self.brush
        self.painting.stroke(self._last, at, brush._replace(erases=self._erases))
        self._last = at

    def _release(self) -> None:
        if not self._begun:
            return
        self._begun, outline = False, self._outline
        self._outline, self._last = QPainterPath(), None
        if self.tool in ("box", "outline") and outline.elementCount() > 2:
            outline.closeSubpath()
            self.painting.fill(outline, self._erases)
        self.painting.end()
        self.update()


def _draw_twice(painter: QPainter, path: QPainterPath) -> None:
    """A line that is seen on light and on dark."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((QColor(0, 0, 0, 160), 2.6), (QColor(255, 255, 255, 230), 1.2)):
        painter.setPen(QPen(colour, width))
        painter.drawPath(path)
