"""How far two images are apart, place by place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage


def difference(one: QImage, other: QImage) -> NDArray[np.uint8]:
    """Return how far two images are apart at each place (h, w): the largest of the three colours' differences, 0 to
    255."""
    if other.size() != one.size():
        mode = Qt.TransformationMode.SmoothTransformation
        other = other.scaled(one.size(), Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    a, b = (_array(image).astype(np.int16) for image in (one, other))
    return np.abs(a - b).max(-1).astype(np.uint8)


def _array(image: QImage) -> NDArray[np.uint8]:
    """(h, w, 3)."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    lines = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return lines[:, : plain.width() * 4].reshape(plain.height(), plain.width(), 4)[..., :3].copy()


def as_grey(apart: NDArray[np.uint8]) -> QImage:
    """Return differences (h, w) as grey, the largest white."""
    scaled = np.ascontiguousarray((apart.astype(np.float32) * (255 / max(int(apart.max()), 1))).astype(np.uint8))
    height, width = scaled.shape
    grey = QImage(scaled.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    return grey.convertToFormat(QImage.Format.Format_RGB32)
