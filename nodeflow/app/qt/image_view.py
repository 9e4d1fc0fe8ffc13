"""An image that can be zoomed and moved, with the place under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QNativeGestureEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from nodeflow.app.qt import theme
from nodeflow.app.qt.frames import StoredFrame
from nodeflow.app.qt.touch_pad import finger_scroll, pinch_factor
from nodeflow.app.qt.zoom import ZoomState

STEP = 1.25
NEAR = 4
"""Pixels that the pointer may move while a button is down, for a click rather than a drag."""


class ImageView(QWidget):
    """Shows a frame: cells with sharp edges, photographs smooth.

    ``pointed``: the place in the image that the pointer is over, from 0 to 1, and the tile.
    ``left``: it is over none. ``picked``: a click on a place. The wheel zooms, dragging moves, a double click shows the
    whole image; so do +, -, the arrows and 0.
    """

    pointed = Signal(float, float, int)
    picked = Signal(float, float, int)
    left = Signal()

    def __init__(self, camera: ZoomState | None = None) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Image of the value"))
        self.setMinimumSize(160, 80)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.camera = camera or ZoomState(self)
        self.camera.moved.connect(self.update)
        self.frame: StoredFrame | None = None
        self.words = ""
        self.first_tile = 0
        """What the first tile is called."""
        self._dragged: QPointF | None = None
        self._pressed: QPointF | None = None

    def show_frame(self, frame: StoredFrame | None, words: str = "") -> None:
        """Show an image, or words in its place."""
        self.frame, self.words = frame, words
        self.setAccessibleDescription(words or (frame.about.caption if frame else ""))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, 320)

    def area(self) -> QRectF:
        """Return where the image is drawn."""
        assert self.frame is not None
        return self.camera.area(QSizeF(self.frame.image.size()), QRectF(self.rect()).adjusted(6, 6, -6, -6))

    def place(self, at: QPointF) -> tuple[float, float, int] | None:
        """The place within a tile that a point of the widget is over, from 0 to 1, and the number of the tile."""
        if self.frame is None:
            return None
        area = self.area()
        u, v = (at.x() - area.x()) / area.width(), (at.y() - area.y()) / area.height()
        if not (0 <= u < 1 and 0 <= v < 1):
            return None
        about = self.frame.about
        column, row = int(u * about.columns), int(v * about.rows)
        tile = row * about.columns + column
        return (u * about.columns - column, v * about.rows - row, tile) if tile < about.many else None

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("canvas"))
        if self.frame is not None:
            self._paint(painter, self.frame)
        if self.words:
            painter.setPen(theme.colour("dim" if self.frame is None else "text"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 12, -24, -12), int(flags), self.words)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint(self, painter: QPainter, frame: StoredFrame) -> None:
        area, about = self.area(), frame.about
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, about.smooth)
        painter.drawImage(area, frame.image)
        if about.mark is not None:
            _ring(painter, area.topLeft() + QPointF(about.mark[0] * area.width(), about.mark[1] * area.height()))
        if about.columns * about.rows == 1:
            return
        width, height = area.width() / about.columns, area.height() / about.rows
        for tile in range(about.many):
            x, y = area.x() + tile % about.columns * width, area.y() + tile // about.columns * height
            painter.setPen(QPen(theme.colour("canvas"), 3))
            painter.drawRect(QRectF(x, y, width, height))
            badge = QRectF(x + 5, y + 5, 20, 18)
            painter.fillRect(badge, theme.colour("panel"))
            painter.setPen(theme.colour("text"))
            painter.drawText(badge, int(Qt.AlignmentFlag.AlignCenter), str(tile + self.first_tile))

    def image(self) -> QImage:
        """The image as it was fetched, without zoom."""
        return self.frame.image if self.frame else QImage()

    # --- hands

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.frame is not None:
            if (by := finger_scroll(event)) is not None:
                area = self.area()
                self.camera.pan(QPointF(-by.x() / area.width(), -by.y() / area.height()))
            else:
                self.camera.zoom_at(self._share(event.position()), STEP ** (event.angleDelta().y() / 120))
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and self.frame is not None and (factor := pinch_factor(event)):
            self.camera.zoom_at(self._share(event.position()), factor)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged = self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.frame is None:
            return
        if self._dragged is not None and event.buttons():
            area, by = self.area(), self._dragged - event.position()
            self._dragged = event.position()
            self.camera.pan(QPointF(by.x() / area.width(), by.y() / area.height()))
        found = self.place(event.position())
        if found is None:
            self.left.emit()
        else:
            self.pointed.emit(*found)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        near = self._pressed is not None and (event.position() - self._pressed).manhattanLength() < NEAR
        found = self.place(event.position()) if near else None
        self._dragged = self._pressed = None
        if found is not None:
            self.picked.emit(*found)

    def mouseDoubleClickEvent(self, _: QMouseEvent) -> None:
        self.camera.reset()

    def leaveEvent(self, _: object) -> None:
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, share = Qt.Key, 0.1 / self.camera.zoom
        pans = {key.Key_Left: (-share, 0), key.Key_Right: (share, 0), key.Key_Up: (0, -share), key.Key_Down: (0, share)}
        zooms = {key.Key_Plus: STEP, key.Key_Equal: STEP, key.Key_Minus: 1 / STEP}
        if event.key() in pans:
            self.camera.pan(QPointF(*pans[Qt.Key(event.key())]))
        elif event.key() in zooms:
            self.camera.zoom_at(self.camera.centre, zooms[Qt.Key(event.key())])
        elif event.key() == key.Key_0:
            self.camera.reset()
        else:
            super().keyPressEvent(event)

    def _share(self, at: QPointF) -> QPointF:
        area = self.area()
        return QPointF((at.x() - area.x()) / area.width(), (at.y() - area.y()) / area.height())


def _ring(painter: QPainter, at: QPointF) -> None:
    """Marks a place, on light and on dark."""
    for width, colour in ((4, theme.colour("canvas")), (2, theme.colour("accent"))):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(at, 7, 7)
