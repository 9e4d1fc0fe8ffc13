"""Ground behind everything: dots, and an invitation where nothing else is."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QGraphicsView

from nodeflow.app.canvas.items import style
from nodeflow.app.i18n.texts import tr

_DOT_DISTANCE = 26.0
_MIN_DOT_PIXELS = 16


class Ground:
    """A plain ground with dots that stand further apart when zoomed away."""

    def __init__(self, view: QGraphicsView) -> None:
        self._view = view
        self._tile: tuple[int, QPixmap] | None = None

    def paint(self, painter: QPainter) -> None:
        """Paint the dots over the whole viewport."""
        painter.save()
        painter.resetTransform()
        step = round(_DOT_DISTANCE * self._view.transform().m11())
        while step < _MIN_DOT_PIXELS:
            step *= 2 if step else _MIN_DOT_PIXELS
        origin = self._view.mapFromScene(QPointF(0, 0))
        start = QPointF(-origin.x() % step, -origin.y() % step)
        painter.drawTiledPixmap(QRectF(self._view.viewport().rect()), self._dots(step), start)
        painter.restore()

    def invite(self, painter: QPainter) -> None:
        """Say on an empty canvas what can be done there."""
        words = tr("Press Tab or double click to add a node.\nDrop a workflow or an image here to open it.")
        painter.setFont(style.font("title"))
        painter.setPen(style.colour("faint"))
        painter.drawText(self._view.viewport().rect(), int(Qt.AlignmentFlag.AlignCenter), words)

    def forget_theme(self) -> None:
        """Paint anew in another theme."""
        self._tile = None
        self._view.viewport().update()

    def _dots(self, step: int) -> QPixmap:
        if self._tile is None or self._tile[0] != step:
            ratio = self._view.devicePixelRatioF()
            tile = QPixmap(round(step * ratio), round(step * ratio))
            tile.setDevicePixelRatio(ratio)
            tile.fill(style.colour("canvas"))
            painter = QPainter(tile)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.colour("dots"))
            painter.drawEllipse(QPointF(step / 2, step / 2), 1.1, 1.1)
            painter.end()
            self._tile = (step, tile)
        return self._tile[1]
