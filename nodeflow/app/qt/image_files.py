"""Images of the screen as things that other programs take."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage


def dragged_image(image: QImage, png: bytes, path: Path) -> QMimeData:
    """An image as what is dragged: its pixels, the PNG it came as, and a file of it."""
    data = QMimeData()
    data.setImageData(image)
    data.setData("image/png", png)
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data
