"""Views in small, for a card under the pointer: an image, curves without axes, a matrix without names."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from nodeflow.app.qt import theme
from nodeflow.app.qt.frames import frame_of
from nodeflow.engine.protocol.value_handle import Overview, Seen
from nodeflow.views import Chart, Matrix, Picture, ViewInfo

MAX_SMALL_SIDE = 144
"""Pixels of an image, wide and high at most."""
CHART = QSize(200, 90)
MAX_CELLS = 64
"""Rows and columns of a matrix that can be told apart in so little room."""
_BLUE, _WHITE, _RED = QColor("#2a5fd0"), QColor("#f4f1ee"), QColor("#b3151d")


def form_in_small(overview: Overview) -> ViewInfo | None:
    """The form that shows a value in small: the first that is made at once; None where it has none."""
    return next((form for form in overview.forms if not form.costly), None)


def first_options(form: ViewInfo) -> dict[str, int]:
    """Of something that can be played its end: what came out."""
    return {option.name: option.maximum for option in form.options if option.time}


def drawn(view: Seen | None) -> QImage:
    """A view in small; empty where it is words or a table."""
    match view:
        case Picture():
            return _picture(view)
        case Chart(series=[_, *_]):
            return _chart(view)
        case Matrix(rows=[_, *_]) if max(len(view.rows), len(view.columns)) <= MAX_CELLS:
            return _matrix(view)
    return QImage()


def png(image: QImage) -> bytes:
    """The bytes of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _picture(view: Picture) -> QImage:
    smooth = view.smooth or max(view.width, view.height) > MAX_SMALL_SIDE
    way = Qt.TransformationMode.SmoothTransformation if smooth else Qt.TransformationMode.FastTransformation
    return frame_of(view).image.scaled(MAX_SMALL_SIDE, MAX_SMALL_SIDE, Qt.AspectRatioMode.KeepAspectRatio, way)


def _matrix(view: Matrix) -> QImage:
    image = QImage(len(view.columns), len(view.rows), QImage.Format.Format_RGB32)
    middle, half = (view.low + view.high) / 2, (view.high - view.low) / 2 or 1.0
    for at, value in enumerate(view.values):
        row, column = divmod(at, len(view.columns))
        image.setPixelColor(column, row, _between((value - middle) / half))
    return image.scaled(
        MAX_SMALL_SIDE, MAX_SMALL_SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
    )


def _between(share: float) -> QColor:
    """Blue for -1, white for 0, red for 1."""
    end, part = (_RED if share > 0 else _BLUE), min(abs(share), 1.0)
    mixed = [round(a + (b - a) * part) for a, b in zip(_WHITE.getRgb()[:3], end.getRgb()[:3], strict=True)]  # type: ignore[index]
    return QColor(*mixed)


def _chart(view: Chart) -> QImage:
    image = QImage(CHART, QImage.Format.Format_RGB32)
    image.fill(theme.colour("canvas"))
    points = [[(x, y) for x, y in zip(one.x, one.y, strict=True) if math.isfinite(y)] for one in view.series]
    if not any(points):
        return QImage()
    low_x, high_x = _ends([x for curve in points for x, _ in curve])
    low_y, high_y = _ends([y for curve in points for _, y in curve] + [0.0] * view.bars)
    area = QRectF(image.rect()).adjusted(6, 6, -6, -6)
    step = area.width() / (high_x - low_x + 1) if view.bars else 0.0  # a bar has its place from edge to edge

    def at(x: float, y: float) -> QPointF:
        across = area.left() + step / 2 + (x - low_x) / (high_x - low_x) * (area.width() - step)
        return QPointF(across, area.bottom() - (y - low_y) / (high_y - low_y) * area.height())

    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, not view.bars)
    for number, curve in enumerate(points):
        shade = theme.curve_colour(number)
        if view.bars:
            for x, y in curve:
                bar = QRectF(at(x, 0.0), at(x, y)).normalized()
                painter.fillRect(bar.adjusted(-0.4 * step, 0, 0.4 * step, 0), shade)
        else:
            painter.setPen(QPen(shade, 2))
            painter.drawPolyline(QPolygonF([at(*point) for point in curve]))
    painter.end()
    return image


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
