"""Images of the screen as things that other programs take."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QUrl
from PySide6.QtGui import QImage

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".bmp", ".gif", ".tif", ".tiff")
"""How the names of image files end."""


def dragged_image(image: QImage, png: bytes, path: Path) -> QMimeData:
    """An image as what is dragged: its pixels, the PNG it came as, and a file of it."""
    data = QMimeData()
    data.setImageData(image)
    data.setData("image/png", png)
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def png_of(image: QImage) -> bytes:
    """An image as a PNG; nothing for a null one."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


def image_of(data: QMimeData) -> Path | None:
    """The first image file of what is dragged; None where it has none."""
    paths = (Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile())
    return next((path for path in paths if path.suffix.lower() in PICTURES), None)
