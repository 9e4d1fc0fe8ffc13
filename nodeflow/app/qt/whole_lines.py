"""A list whose lines are read whole: what is too long for one goes on below."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QStyle

LINE = 24
"""The least height of an entry, in pixels."""
MOST = 5 * LINE
"""The height from which it is scrolled."""
_PAD = 6


class WholeLines(QListWidget):
    """As high as its entries are, up to `MOST`."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def lay_out(self) -> None:
        """Give each entry the lines that it takes in this width."""
        whole = sum(self._lay_out(self.width()))
        if whole > MOST:
            whole = sum(self._lay_out(self.width() - self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)))
        self.setFixedHeight(min(max(whole, LINE), MOST))

    def _lay_out(self, width: int) -> list[int]:
        room = QRect(0, 0, width - 2 * _PAD, 1 << 20)
        heights = []
        for row in range(self.count()):
            words = self.fontMetrics().boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.item(row).text())
            heights.append(max(LINE, words.height() + _PAD))
            self.item(row).setSizeHint(QSize(0, heights[-1]))
        return heights

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.lay_out()
