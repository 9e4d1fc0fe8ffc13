"""The visible part of the scene: zoom, pan, frame."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QTransform, QWheelEvent
from PySide6.QtWidgets import QGraphicsView

from nodeflow.app.canvas.items import style
from nodeflow.app.qt.touch_pad import finger_scroll
from nodeflow.graph.model.annotation import FARTHEST, LARGEST

_WORLD = FARTHEST + LARGEST
_ZOOM_PER_WHEEL_UNIT = 1.0015


class Viewport:
    """Moves what a view shows.

    NodeGraphQt's viewer fits a rectangle into the window at every step: it repaints everything while panning, changes
    the zoom when the window is resized, and knows no limits. This one scrolls, so that Qt moves what is painted
    already.
    """

    def __init__(self, view: QGraphicsView) -> None:
        self._view = view
        view.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        view.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        view.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        view.setFrameShape(QGraphicsView.Shape.NoFrame)
        view.setSceneRect(QRectF(-_WORLD, -_WORLD, 2 * _WORLD, 2 * _WORLD))
        self._framed: tuple[tuple[float, int, int], tuple[QRectF, float, float]] | None = None

    @property
    def zoom(self) -> float:
        """Pixels for one unit of the scene."""
        return self._view.transform().m11()

    def set_scale(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom within the limits; the point ``at`` of the viewport (default: its middle) keeps showing the same."""
        view = self._view
        at = QPointF(view.viewport().rect().center()) if at is None else at
        fixed = self._to_scene(at)
        zoom = min(style.ZOOM[1], max(style.ZOOM[0], zoom))
        view.setTransform(QTransform.fromScale(zoom, zoom))
        view.setRenderHint(QPainter.RenderHint.Antialiasing, zoom >= style.FLAT)
        off = view.transform().map(fixed) - at
        self._scroll_to(off.x(), off.y())

    def show_part(self, part: QRectF, margin: float = 32.0, largest: float = 1.0) -> None:
        """Show a part of the scene whole, in the middle, no larger than ``largest``."""
        size = self._view.viewport().size()
        wide = max(1.0, size.width() - 2 * margin) / max(1.0, part.width())
        high = max(1.0, size.height() - 2 * margin) / max(1.0, part.height())
        self.set_scale(min(wide, high, largest))
        middle = self._view.transform().map(part.center())
        self._scroll_to(middle.x() - size.width() / 2, middle.y() - size.height() / 2)
        self._framed = (self._stand(), (part, margin, largest))

    def pan_by(self, dx: int, dy: int) -> None:
        """Move what is shown by pixels."""
        across, down = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        across.setValue(across.value() - dx)
        down.setValue(down.value() - dy)

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom by the wheel, around the pointer; two fingers on a touch pad move what is shown."""
        event.accept()
        if (by := finger_scroll(event)) is not None:
            self.pan_by(by.x(), by.y())
            return
        delta = event.angleDelta().y() or event.angleDelta().x()
        self.set_scale(self.zoom * _ZOOM_PER_WHEEL_UNIT**delta, event.position())

    def still_framed(self) -> bool:
        """Return whether nothing was moved since a part was framed."""
        return self._framed is not None and self._framed[0] == self._stand()

    def frame_again(self) -> None:
        """Bring what was framed last into view as a whole: the window has another size."""
        if self._framed is not None:
            self.show_part(*self._framed[1])

    def _stand(self) -> tuple[float, int, int]:
        return self.zoom, self._view.horizontalScrollBar().value(), self._view.verticalScrollBar().value()

    def _to_scene(self, at: QPointF) -> QPointF:
        """Like mapToScene, for fractions of a pixel too."""
        origin = QPointF(self._view.horizontalScrollBar().value(), self._view.verticalScrollBar().value())
        return self._view.transform().inverted()[0].map(at + origin)

    def _scroll_to(self, x: float, y: float) -> None:
        self._view.horizontalScrollBar().setValue(round(x))
        self._view.verticalScrollBar().setValue(round(y))
