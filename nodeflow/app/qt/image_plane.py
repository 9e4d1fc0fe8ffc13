"""Where an image lies in a widget that shows it as large as there is room, or nearer: pixels to points and back."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF
from PySide6.QtWidgets import QWidget

from nodeflow.app.qt.zoom import ZoomState

MARGIN = 8
ZOOM_STEP = 1.25


class ImagePlane:
    """Holds the zoom; the widget is painted anew when that moves."""

    def __init__(self, widget: QWidget, size: QSize) -> None:
        self._widget, self._size = widget, QSizeF(size)
        self.camera = ZoomState(widget)
        self.camera.moved.connect(widget.update)

    def area(self) -> QRectF:
        """Return where the image is drawn."""
        return self.camera.area(self._size, QRectF(self._widget.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN))

    @property
    def scale(self) -> float:
        """Points of the widget for one pixel of the image."""
        return self.area().width() / self._size.width()

    def on_image(self, pos: QPointF) -> QPointF:
        """A point of the widget in pixels of the image, also beside it."""
        area = self.area()
        return QPointF(
            (pos.x() - area.x()) * self._size.width() / area.width(),
            (pos.y() - area.y()) * self._size.height() / area.height(),
        )

    def on_screen(self, place: QPointF) -> QPointF:
        """A place of the image as a point of the widget."""
        return self.area().topLeft() + place * self.scale

    def zoom_at(self, place: QPointF, factor: float) -> None:
        """Zoom so that a place of the image stays where it is."""
        self.camera.zoom_at(QPointF(place.x() / self._size.width(), place.y() / self._size.height()), factor)

    def drag(self, by: QPointF) -> None:
        """Move the image by points of the widget."""
        area = self.area()
        self.camera.pan(QPointF(-by.x() / area.width(), -by.y() / area.height()))
