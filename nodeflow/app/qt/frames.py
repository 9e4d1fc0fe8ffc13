"""Images of the engine as images of the screen."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from PySide6.QtGui import QImage

from nodeflow.views import Picture


class StoredFrame(NamedTuple):
    """An image ready to be painted, and what is known of it."""

    image: QImage
    about: Picture


def frame_of(picture: Picture) -> StoredFrame:
    """An image of the engine as one of the screen."""
    rgb = QImage(
        picture.pixels, picture.width, picture.height, picture.width * 3, QImage.Format.Format_RGB888
    ).convertToFormat(QImage.Format.Format_RGB32)
    return StoredFrame(rgb, msgspec.structs.replace(picture, pixels=b""))


def frame_of_png(png: bytes) -> StoredFrame:
    """A small PNG of a run that goes on."""
    image = QImage.fromData(png).convertToFormat(QImage.Format.Format_RGB32)
    return StoredFrame(image, Picture(image.width(), image.height(), b"", image.width(), image.height()))
