"""A line of text that gives way where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QToolTip

LETTERS = 12
"""What is always shown, in letters of middle width."""


class SqueezedLabel(QLabel):
    """A plain text whose end is cut where it has no room; the tip then says the whole."""

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), LETTERS * self.fontMetrics().averageCharWidth()), hint.height())

    def is_cut(self) -> bool:
        """Return whether not all of the text is seen."""
        return self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_cut():
            super().paintEvent(event)
            return
        painter, room = QPainter(self), self.contentsRect()
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        self.style().drawItemText(
            painter, room, int(self.alignment().value), self.palette(), self.isEnabled(), words, self.foregroundRole()
        )

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QHelpEvent)
            and event.type() == QEvent.Type.ToolTip
            and self.is_cut()
            and not self.toolTip()
        ):
            QToolTip.showText(event.globalPos(), self.text(), self)
            return True
        return super().event(event)
