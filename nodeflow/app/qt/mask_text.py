"""Masks as the text that a workflow holds: a grey PNG of eight bits in base64."""

from __future__ import annotations

import base64
import binascii
import struct

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage

PREFIX = "data:image/png;base64,"
MAX_LETTERS = 600_000
"""Characters that the text of a mask may have: a workflow file takes no text of a million."""
_HEADER = 24
"""Bytes of a PNG up to its width and height."""


def mask_text(mask: QImage) -> str:
    """Return the text of a mask; empty where nothing is painted. One too large for a workflow is kept smaller."""
    grey = mask.convertToFormat(QImage.Format.Format_Grayscale8)
    if not any(bytes(grey.constScanLine(y))[: grey.width()].strip(b"\0") for y in range(grey.height())):
        return ""
    while len(text := _text(grey)) > MAX_LETTERS:
        grey = grey.scaled(
            grey.size() / 2, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        ).convertToFormat(QImage.Format.Format_Grayscale8)
    return text


def _text(grey: QImage) -> str:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    grey.save(buffer, "PNG")  # type: ignore[call-overload]
    return PREFIX + base64.b64encode(data.data()).decode()


def mask_image(text: str, size: QSize) -> QImage:
    """Return the mask of a text, grey and of a size; black where there is none or it cannot be read."""
    read = QImage.fromData(_png(text))
    if read.isNull():
        read = QImage(size, QImage.Format.Format_Grayscale8)
        read.fill(Qt.GlobalColor.black)
    if read.size() != size:
        read = read.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return read.convertToFormat(QImage.Format.Format_Grayscale8)


def mask_size(text: str) -> QSize:
    """Return the pixels of a mask without reading it whole; empty where there is none."""
    head = _png(text[: len(PREFIX) + _HEADER * 4 // 3 + 4])
    return QSize(*struct.unpack(">II", head[16:24])) if len(head) >= _HEADER else QSize()


def _png(text: str) -> bytes:
    data = text.removeprefix(PREFIX)
    try:
        return base64.b64decode(data[: len(data) // 4 * 4]) if text.startswith(PREFIX) else b""
    except binascii.Error:
        return b""
