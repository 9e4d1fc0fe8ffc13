"""Looking at the canvas: zoom, pan, frame, and the ground with its dots."""

from __future__ import annotations

from typing import Any

from NodeGraphQt.widgets.viewer import NodeViewer
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPixmap, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QGraphicsView

from nodeflow.app.canvas.items import style

_WORLD = 200_000.0
_DOTS = 26.0


class Viewport(NodeViewer):
    """NodeGraphQt's viewer with a camera of our own.

    The stock one fits a rectangle into the window at every step: it repaints everything while panning, changes the
    zoom when the window is resized, and knows no limits. This one scrolls, so that Qt moves what is painted already.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setSceneRect(QRectF(-_WORLD, -_WORLD, 2 * _WORLD, 2 * _WORLD))
        self._pan_from: QPoint | None = None
        self._space = False
        self._tile: tuple[int, QPixmap] | None = None
        self._framed: tuple[tuple[float, int, int], tuple[QRectF, float, float]] | None = None

    # --- zoom and pan

    @property
    def zoom(self) -> float:
        """Pixels for one unit of the scene."""
        return self.transform().m11()

    def set_scale(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom within the limits; the point ``at`` of the viewport (default: its middle) keeps showing the same."""
        at = QPointF(self.viewport().rect().center()) if at is None else at
        fixed = self._to_scene(at)
        zoom = min(style.ZOOM[1], max(style.ZOOM[0], zoom))
        self.setTransform(QTransform.fromScale(zoom, zoom))
        self.setRenderHint(QPainter.RenderHint.Antialiasing, zoom >= style.FLAT)
        off = self.transform().map(fixed) - at
        self._scroll_to(off.x(), off.y())

    def show_part(self, part: QRectF, margin: float = 32.0, largest: float = 1.0) -> None:
        """Show a part of the scene whole, in the middle, no larger than ``largest``."""
        size = self.viewport().size()
        wide = max(1.0, size.width() - 2 * margin) / max(1.0, part.width())
        high = max(1.0, size.height() - 2 * margin) / max(1.0, part.height())
        self.set_scale(min(wide, high, largest))
        middle = self.transform().map(part.center())
        self._scroll_to(middle.x() - size.width() / 2, middle.y() - size.height() / 2)
        self._framed = (self._stand(), (part, margin, largest))

    def _stand(self) -> tuple[float, int, int]:
        return self.zoom, self.horizontalScrollBar().value(), self.verticalScrollBar().value()

    def pan_by(self, dx: int, dy: int) -> None:
        """Move what is shown by pixels."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - dx)
        down.setValue(down.value() - dy)

    def _to_scene(self, at: QPointF) -> QPointF:
        """Like mapToScene, for fractions of a pixel too."""
        origin = QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        return self.transform().inverted()[0].map(at + origin)

    def _scroll_to(self, x: float, y: float) -> None:
        self.horizontalScrollBar().setValue(round(x))
        self.verticalScrollBar().setValue(round(y))

    # --- what the stock viewer would do in its own way

    def _update_scene(self) -> None:
        if hasattr(self, "_tile"):
            self.show_part(self._scene_range, 0, style.ZOOM[1])

    def _set_viewer_zoom(self, value: float, sensitivity: float | None = None, pos: QPoint | None = None) -> None:
        self.set_scale(self.zoom * 1.001**value, None if pos is None else QPointF(pos))

    def _set_viewer_pan(self, pos_x: float, pos_y: float) -> None:
        self.pan_by(round(-pos_x * self.zoom), round(-pos_y * self.zoom))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What was framed, and not moved since, stays in view as a whole."""
        self._last_size = self.size()
        still = self._framed if self._framed is not None and self._framed[0] == self._stand() else None
        QGraphicsView.resizeEvent(self, event)
        if still is not None:
            self.show_part(*still[1])

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        self.set_scale(self.zoom * 1.0015**delta, event.position())
        event.accept()

    # --- panning by hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        held = self._space and event.button() == Qt.MouseButton.LeftButton
        if held or event.button() == Qt.MouseButton.MiddleButton:
            self._pan_from = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            moved = event.position().toPoint() - self._pan_from
            self._pan_from = event.position().toPoint()
            self.pan_by(moved.x(), moved.y())
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            self._pan_from = None
            self._show_hand()
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self._show_hand()
            return
        QGraphicsView.keyPressEvent(self, event)  # the stock one writes hints beside the pointer

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_hand()
            return
        QGraphicsView.keyReleaseEvent(self, event)

    def _show_hand(self) -> None:
        if self._space:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.viewport().unsetCursor()

    # --- the ground

    def drawBackground(self, painter: QPainter, rect: QRectF | Any) -> None:
        """A plain ground with dots that fade out when zoomed away."""
        painter.save()
        painter.resetTransform()
        step = round(_DOTS * self.zoom)
        while step < 16:
            step *= 2 if step else 16
        origin = self.mapFromScene(QPointF(0, 0))
        start = QPointF(-origin.x() % step, -origin.y() % step)
        painter.drawTiledPixmap(QRectF(self.viewport().rect()), self._dots(step), start)
        painter.restore()

    def _dots(self, step: int) -> QPixmap:
        if self._tile is None or self._tile[0] != step:
            ratio = self.devicePixelRatioF()
            tile = QPixmap(round(step * ratio), round(step * ratio))
            tile.setDevicePixelRatio(ratio)
            tile.fill(style.colour("canvas"))
            painter = QPainter(tile)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.colour("dots"))
            painter.drawEllipse(QPointF(step / 2, step / 2), 1.1, 1.1)
            painter.end()
            self._tile = (step, tile)
        return self._tile[1]

    def forget_theme(self) -> None:
        """Paint anew in another theme."""
        self._tile = None
        self.viewport().update()
