"""Zoom and centre of an image, which several images may share."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Signal

MAX_ZOOM = 64.0


class ZoomState(QObject):
    """``zoom`` 1 shows the whole image; ``centre`` is the place in the middle, from 0 to 1 on both axes."""

    moved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.zoom = 1.0
        self.centre = QPointF(0.5, 0.5)

    def area(self, picture: QSizeF, room: QRectF) -> QRectF:
        """Return where an image of a size is drawn in a room."""
        fit = min(room.width() / max(picture.width(), 1), room.height() / max(picture.height(), 1))
        size = picture * (fit * self.zoom)
        middle = room.center()
        return QRectF(
            middle.x() - size.width() * self.centre.x(),
            middle.y() - size.height() * self.centre.y(),
            size.width(),
            size.height(),
        )

    def zoom_at(self, place: QPointF, factor: float) -> None:
        """Zoom in or out so that a place of the image stays where it is."""
        before = self.zoom
        self.zoom = min(max(self.zoom * factor, 1.0), MAX_ZOOM)
        self.centre = place + (self.centre - place) * (before / self.zoom)
        self._settle()

    def pan(self, by: QPointF) -> None:
        """Move on by shares of the image."""
        self.centre = self.centre + by
        self._settle()

    def reset(self) -> None:
        """Show the whole image."""
        self.zoom, self.centre = 1.0, QPointF(0.5, 0.5)
        self.moved.emit()

    def _settle(self) -> None:
        """Keep the image in view: at zoom 1 it stands in the middle."""
        reach = 0.5 - 0.5 / self.zoom
        x, y = (min(max(value, 0.5 - reach), 0.5 + reach) for value in (self.centre.x(), self.centre.y()))
        self.centre = QPointF(x, y)
        self.moved.emit()
