"""PNG bytes as images on the screen, several of a batch as a grid; decoded off the interface's thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from nodeflow.app.qt.background import Background

Sheet = tuple[QImage, QSize]
"""All images as one, and the size of the first; empty where none can be read."""


class ImageDecoder(QObject):
    """Turns PNG bytes into pixmaps, one request after another."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._background = Background(self, threads=1)

    def decode(self, pictures: Sequence[bytes], then: Callable[[QPixmap | None, QSize], object]) -> None:
        """Call ``then`` with all images as one, None where none can be read, and the size of the first."""

        def show(made: Sheet) -> None:
            sheet, size = made
            then(None if sheet.isNull() else QPixmap.fromImage(sheet), size)

        self._background.run(lambda: sheet_of(pictures), show, owner=self)


def sheet_of(pictures: Sequence[bytes]) -> Sheet:
    """One image with all of them side by side, about as wide as high."""
    images = [image for image in map(QImage.fromData, pictures) if not image.isNull()]
    if len(images) < 2:
        return (images[0], images[0].size()) if images else (QImage(), QSize())
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    width, height = max(i.width() for i in images), max(i.height() for i in images)
    gap = max(1, width // 32)
    size = QSize(columns * (width + gap) - gap, rows * (height + gap) - gap)
    sheet = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    sheet.fill(Qt.GlobalColor.transparent)
    painter = QPainter(sheet)
    for number, image in enumerate(images):
        painter.drawImage(number % columns * (width + gap), number // columns * (height + gap), image)
    painter.end()
    return sheet, images[0].size()
