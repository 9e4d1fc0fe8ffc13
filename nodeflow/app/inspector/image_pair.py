"""Two images together: side by side, as a wipe, or their difference; zoom and place are the same for both."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from nodeflow.app.qt import theme
from nodeflow.app.qt.frames import StoredFrame
from nodeflow.app.qt.image_view import ImageView
from nodeflow.app.qt.zoom import ZoomState

GRIP = 10
"""Pixels from the line within which it is taken."""
MODES = ("side by side", "wipe", "difference")


class WipeView(ImageView):
    """Shows one image to the left of a line that is dragged, another to its right.

    Seen whole, a press anywhere takes the line there; enlarged, a drag away from the line moves the images.
    """

    def __init__(self, camera: ZoomState) -> None:
        super().__init__(camera)
        self.setAccessibleName(self.tr("Two images, parted by a line"))
        self.other: StoredFrame | None = None
        self.share = 0.5
        self._holds_line = False

    def _paint(self, painter: QPainter, frame: StoredFrame) -> None:
        super()._paint(painter, frame)
        if self.other is None:
            return
        area = self.area()
        x = area.x() + area.width() * self.share
        painter.save()
        painter.setClipRect(QRectF(x, 0, self.width() - x, self.height()))
        painter.fillRect(self.rect(), theme.colour("canvas"))
        room = QRectF(self.rect()).adjusted(6, 6, -6, -6)
        painter.drawImage(self.camera.area(QSizeF(self.other.image.size()), room), self.other.image)
        painter.restore()
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _near_line(self, x: float) -> bool:
        area = self.area()
        return abs(x - area.x() - area.width() * self.share) <= GRIP

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        x = event.position().x()
        self._holds_line = self.frame is not None and left and (self.camera.zoom == 1 or self._near_line(x))
        if self._holds_line:
            self._take_line(x)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._holds_line:
            self._take_line(event.position().x())
            return
        super().mouseMoveEvent(event)
        if self.frame is not None:
            near = self._near_line(event.position().x())
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._holds_line:
            super().mouseReleaseEvent(event)
        self._holds_line = False

    def _take_line(self, x: float) -> None:
        area = self.area()
        self.share = min(max((x - area.x()) / area.width(), 0.0), 1.0)
        self.update()


class ImagePairView(QStackedWidget):
    """Two images, in one of three ways; ``views`` are the images it may show."""

    def __init__(self) -> None:
        super().__init__()
        self.camera = ZoomState(self)
        self.left_view, self.right_view = ImageView(self.camera), ImageView(self.camera)
        self.left_view.setAccessibleName(self.tr("Image of this run"))
        self.right_view.setAccessibleName(self.tr("Image that it is compared with"))
        self.wipe, self.difference = WipeView(self.camera), ImageView(self.camera)
        self.difference.setAccessibleName(self.tr("Difference of the two images"))
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for view in (self.left_view, self.right_view):
            view.setMinimumWidth(90)
            row.addWidget(view, 1)
        for widget in (both, self.wipe, self.difference):
            self.addWidget(widget)
        self.views = (self.left_view, self.right_view, self.wipe, self.difference)
        self.largest: int | None = None
        """The largest difference between the two images, of 255; None where it is not known."""

    def show_pair(
        self,
        one: StoredFrame | None,
        other: StoredFrame | None,
        mode: str,
        words: str = "",
        apart: StoredFrame | None = None,
    ) -> None:
        """Show two images; ``words`` stand in the place of the second where it cannot be seen.

        Their difference is ``apart``, where it was found from their values, else that of the images.
        """
        self.setCurrentIndex(MODES.index(mode))
        self.largest = None
        if mode == MODES[0]:
            self.left_view.show_frame(one)
            self.right_view.show_frame(other, "" if other else words)
        elif mode == MODES[1]:
            self.wipe.other = other
            self.wipe.show_frame(one, "" if other else words)
        if apart is not None:
            self.difference.show_frame(apart)
        elif one is not None and other is not None:
            from nodeflow.app.inspector.image_difference import as_grey, difference  # numpy takes long to load

            found = difference(one.image, other.image)
            self.largest = int(found.max())
            if mode == MODES[2]:
                shown = StoredFrame(as_grey(found), msgspec.structs.replace(one.about, smooth=False))
                self.difference.show_frame(shown)
        elif mode == MODES[2]:
            self.difference.show_frame(None, words)

    def image(self) -> QImage:
        """Return what is seen."""
        return self.grab().toImage()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
        super().changeEvent(event)
