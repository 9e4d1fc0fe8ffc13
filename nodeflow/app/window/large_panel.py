"""A panel over the whole window, for as long as it is wanted there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from nodeflow.app.window.docks import Dock


class LargePanel(QWidget):
    """Takes what is in a dock, lays it over all between menu and status line, and gives it back; Esc does, too.

    ``left``: the panel is back in its place.
    """

    left = Signal()

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._dock: Dock | None = None
        self._content = QWidget()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.hide()
        window.installEventFilter(self)

    @property
    def dock(self) -> Dock | None:
        """The dock whose content is large now."""
        return self._dock

    @property
    def content(self) -> QWidget:
        """What is large now, or was last."""
        return self._content

    def turn(self, dock: Dock) -> None:
        """Make the content of a dock large; where one is, give that back."""
        if self._dock is not None:
            self.leave()
            return
        self._dock, self._content = dock, dock.fill()
        content = self._content
        dock.setWidget(QWidget())
        self._column.addWidget(content)
        content.show()
        self._fill()
        self.show()
        self.raise_()
        content.setFocus()

    def leave(self) -> None:
        """Give the content back to its dock."""
        if self._dock is None:
            return
        dock, self._dock = self._dock, None
        content = self._content
        self._column.removeWidget(content)
        dock.widget().deleteLater()
        dock.setWidget(content)
        self.hide()
        dock.show()
        dock.raise_()
        content.setFocus()
        self.left.emit()

    def _fill(self) -> None:
        top = self._window.menuBar().geometry().bottom() + 1
        bottom = self._window.statusBar().geometry().top()
        self.setGeometry(QRect(0, top, self._window.width(), max(bottom - top, 0)))

    def event(self, event: QEvent) -> bool:
        asks = event.type() == QEvent.Type.ShortcutOverride
        if asks and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()  # nothing else takes the key
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self._dock:
            self._fill()
        return False
