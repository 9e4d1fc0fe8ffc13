"""A list that says something while nothing stands in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QListWidget

from nodeflow.app.qt import theme


class WordedList(QListWidget):
    """``words`` stand there while it is empty."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.count():
            painter, room = QPainter(self.viewport()), self.viewport().rect().adjusted(8, 8, -8, -8)
            painter.setPen(theme.colour("dim"))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.words)
