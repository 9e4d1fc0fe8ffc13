"""A scroll area for what may be higher than the room there is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class UprightScroll(QScrollArea):
    """Scrolls up and down alone: as wide as what is in it needs, and as high as there is room.

    It asks for ``least`` pixels of height at least, or for what its widget needs where that is less.
    """

    def __init__(self, inner: QWidget, least: int) -> None:
        super().__init__()
        self._inner, self._least = inner, least
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setWidget(inner)
        for plain in (inner, self.viewport()):
            plain.setAutoFillBackground(False)

    def minimumSizeHint(self) -> QSize:
        inner, bar = self._inner.minimumSizeHint(), self.verticalScrollBar().sizeHint().width()
        return QSize(inner.width() + bar, min(inner.height(), self._least))

    def sizeHint(self) -> QSize:
        """What its widget wants, at the width that it has here: lines of text are broken."""
        wanted, layout = self._inner.sizeHint(), self._inner.layout()
        if layout is None or not layout.hasHeightForWidth():
            return wanted
        return QSize(wanted.width(), layout.totalHeightForWidth(self.viewport().width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._inner and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
