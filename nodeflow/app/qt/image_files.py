"""Images of the screen as bytes and as things that other programs take."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QGuiApplication, QImage


def copy_image(image: QImage, png: bytes, path: Path | None = None) -> None:
    """Put an image on the clipboard: as pixels, as the PNG it came as (its texts stay in it), and as a file."""
    QGuiApplication.clipboard().setMimeData(image_data(image, png, path))


def image_data(image: QImage, png: bytes, path: Path | None = None) -> QMimeData:
    """An image as what is dragged or copied."""
    data = QMimeData()
    data.setImageData(image)
    data.setData("image/png", png)
    if path is not None:
        data.setUrls([QUrl.fromLocalFile(str(path))])
    return data
