"""Formulas in LaTeX as images. The library that draws them is loaded with the first one."""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer


@functools.lru_cache(maxsize=256)
def formula(latex: str, colour: str, size: float, ratio: float = 1.0, inline: bool = False) -> QImage:
    """A formula in a colour ``#rrggbb``, letters ``size`` pixels high, for a screen with ``ratio`` dots a pixel.

    Empty where the formula cannot be read.
    """
    import ziamath

    ziamath.config.svg2 = False  # the one form that Qt reads
    try:
        svg = ziamath.Latex(latex, size=size, color=colour, inline=inline).svg()
    except Exception:  # ziamath raises whatever its parsers do
        return QImage()
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    whole = renderer.defaultSize()
    image = QImage(whole * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image
