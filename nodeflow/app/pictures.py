"""PNG bytes as pictures on the screen, several of a batch as a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QPixmap


def grid_of(pictures: Sequence[bytes]) -> QPixmap | None:
    """One picture with all of them side by side, about as wide as high; None where none can be read."""
    images = [image for image in map(QImage.fromData, pictures) if not image.isNull()]
    if not images:
        return None
    if len(images) == 1:
        return QPixmap.fromImage(images[0])
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    width, height = max(i.width() for i in images), max(i.height() for i in images)
    gap = max(1, width // 32)
    sheet = QPixmap(columns * (width + gap) - gap, rows * (height + gap) - gap)
    sheet.fill(Qt.GlobalColor.transparent)
    painter = QPainter(sheet)
    for number, image in enumerate(images):
        painter.drawImage(number % columns * (width + gap), number // columns * (height + gap), image)
    painter.end()
    return sheet
