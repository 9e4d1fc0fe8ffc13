"""The images of a batch: all as a grid, or one alone, zoomed and moved; a click on one of the grid enlarges it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from nodeflow.app.qt.background import Background
from nodeflow.app.qt.frames import StoredFrame, frame_of_png
from nodeflow.app.qt.image_view import ImageView
from nodeflow.views import Picture

TILE = 1024
"""Pixels of the longer side of an image in a grid."""


class BatchView(QWidget):
    """Shows PNG images. ``changed``: others are seen. ``pixel``: the pointer is over one, with its colour.
    ``dragged``: an image is being dragged away. ``menu_wanted``: at a point of the screen."""

    changed = Signal()
    pixel = Signal(int, int, QColor)
    left = Signal()
    dragged = Signal()
    menu_wanted = Signal(QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.view = ImageView()
        self.view.setAccessibleName(self.tr("Images of the node"))
        self.view.first_tile = 1
        self.view.words = self.tr("The image appears here once the workflow has run.")
        self.images: tuple[bytes, ...] = ()
        """PNG bytes, in full size."""
        self.chosen: int | None = None
        """The image of a batch that is seen alone; None for all of them."""
        self._background = Background(self, threads=1)
        self._sheet: StoredFrame | None = None
        self._turn = 0
        self._pressed: QPoint | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.setFocusProxy(self.view)
        self.view.installEventFilter(self)
        self.view.picked.connect(self._picked)
        self.view.pointed.connect(self._pointed)
        self.view.left.connect(self.left)

    @property
    def shown(self) -> QImage | None:
        """The image that is on the screen; None where there is none."""
        return self.view.frame.image if self.view.frame is not None else None

    @property
    def size_of_one(self) -> QSize:
        """The pixels of an image; of a grid those of its first."""
        about = self.view.frame.about if self.view.frame is not None else None
        return QSize(about.true_width, about.true_height) if about is not None else QSize()

    def clear(self) -> None:
        """Show nothing."""
        self._turn += 1
        self.images, self.chosen, self._sheet = (), None, None
        self.view.show_frame(None, self.tr("The image appears here once the workflow has run."))
        self.changed.emit()

    def show_step(self, png: bytes) -> None:
        """Show an image on the way, which nothing can be done with."""
        self._turn += 1
        self.images, self.chosen, self._sheet = (), None, None
        self._decode(lambda: frame_of_png(png))

    def show_images(self, images: Sequence[bytes]) -> None:
        """Show a batch: the image of it that is seen alone stays so, where there are as many as before."""
        self._turn += 1
        kept = self.chosen if len(images) == len(self.images) else None
        self.images, self.chosen, self._sheet = tuple(images), None, None
        if kept is not None and len(images) > 1:
            self.choose(kept)
        elif images:
            self._decode(lambda: sheet_frame(images))

    def choose(self, index: int | None) -> None:
        """Show an image of the batch alone, or all of it."""
        if len(self.images) < 2:
            return
        self._turn += 1
        self.chosen = index if index is None else min(max(index, 0), len(self.images) - 1)
        self.view.camera.reset()
        if self.chosen is None:
            images = self.images
            self._decode(lambda: self._sheet or sheet_frame(images))
        else:
            png = self.images[self.chosen]
            self._decode(lambda: sheet_frame([png]))

    def step(self, by: int) -> None:
        """Go to a neighbour in the batch, from all to the first or last."""
        if self.images:
            at = (0 if by > 0 else len(self.images) - 1) if self.chosen is None else self.chosen + by
            self.choose(at % len(self.images))

    def _decode(self, make: Callable[[], StoredFrame | None]) -> None:
        turn = self._turn

        def show(frame: StoredFrame | None) -> None:
            if turn == self._turn:
                if self.chosen is None and len(self.images) > 1:
                    self._sheet = frame
                unread = self.tr("This image cannot be read.") if frame is None else ""
                self.view.show_frame(frame, unread)
                self.changed.emit()

        self._background.run(make, show, owner=self)

    # --- hands

    def _picked(self, _: float, __: float, tile: int) -> None:
        if self.chosen is None and 1 < len(self.images) > tile:
            self.choose(tile)
        elif self.chosen is not None and self.view.camera.zoom == 1:
            self.choose(None)

    def _pointed(self, u: float, v: float, _: int) -> None:
        frame = self.view.frame
        if frame is not None and frame.about.columns * frame.about.rows == 1:
            x, y = int(u * frame.image.width()), int(v * frame.image.height())
            self.pixel.emit(x, y, frame.image.pixelColor(x, y))

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        match event:
            case QKeyEvent() if event.type() == QEvent.Type.KeyPress:
                return self._key(event)
            case QContextMenuEvent() if self.images:
                self.menu_wanted.emit(event.globalPos())
                return True
            case QMouseEvent() if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed = event.position().toPoint()
            case QMouseEvent() if event.type() == QEvent.Type.MouseMove and self._drags(event):
                self._pressed = None
                self.dragged.emit()
                return True
        return False

    def _drags(self, event: QMouseEvent) -> bool:
        """Return whether an image is pulled out: at more than its whole size dragging moves it within."""
        if not self.images or self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return False
        far = (event.position() - QPointF(self._pressed)).manhattanLength() >= QApplication.startDragDistance()
        return far and self.view.camera.zoom == 1

    def _key(self, event: QKeyEvent) -> bool:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        if event.key() in step and len(self.images) > 1 and self.view.camera.zoom == 1:
            self.step(step[Qt.Key(event.key())])
            return True
        if event.key() == Qt.Key.Key_Escape and self.chosen is not None:
            self.choose(None)
            return True
        return False


def sheet_frame(images: Sequence[bytes]) -> StoredFrame | None:
    """All images as one, side by side, about as wide as high; None where none can be read."""
    read = [image for image in map(QImage.fromData, images) if not image.isNull()]
    if not read:
        return None
    one = read[0].size()
    if len(read) == 1:
        return StoredFrame(read[0], Picture(one.width(), one.height(), b"", one.width(), one.height(), smooth=True))
    columns = math.ceil(math.sqrt(len(read)))
    rows = math.ceil(len(read) / columns)
    cell = one.scaled(TILE, TILE, Qt.AspectRatioMode.KeepAspectRatio) if max(one.width(), one.height()) > TILE else one
    sheet = QImage(columns * cell.width(), rows * cell.height(), QImage.Format.Format_ARGB32_Premultiplied)
    sheet.fill(Qt.GlobalColor.transparent)
    painter = QPainter(sheet)
    for number, image in enumerate(read):
        fitted = image.scaled(cell, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        painter.drawImage(number % columns * cell.width(), number // columns * cell.height(), fitted)
    painter.end()
    about = Picture(sheet.width(), sheet.height(), b"", one.width(), one.height(), columns, rows, True, tiles=len(read))
    return StoredFrame(sheet, about)
