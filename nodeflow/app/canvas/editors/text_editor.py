"""The editor for a text of several lines, with room to write and the number of its tokens."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QLabel, QWidget

from nodeflow.app.canvas.editors.editor_host import Desk, keeps_escape
from nodeflow.app.canvas.editors.token_reading import TokenReading
from nodeflow.app.canvas.editors.token_strip import TokenStrip
from nodeflow.app.i18n.texts import readable
from nodeflow.app.qt.long_words import PlainTextEdit
from nodeflow.graph.model.catalogue import Param

_FOOT = 24
_DELAY = 80


class TextEditor(PlainTextEdit):
    """Leaving keeps the text (so does running the workflow), Escape does not; Tab goes on to the next row."""

    def __init__(self, param: Param, value: Any, desk: Desk, parent: QWidget) -> None:
        super().__init__(str(value), parent)
        self._desk, self._done = desk, False
        self.setAccessibleName(readable(param.name))
        self.foot = QLabel(self)
        self.foot.setObjectName("dim")
        self.foot.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.tokens = TokenStrip(self)
        self.tokens.hide()
        self._soon = QTimer(self, interval=_DELAY, singleShot=True)
        self._soon.timeout.connect(self._count)
        self.textChanged.connect(self._soon.start)
        self.moveCursor(QTextCursor.MoveOperation.End)
        self._lay_out()
        self._count()

    def keep(self) -> None:
        """Hand the text over and close."""
        if not self._done:
            self._done = True
            self._desk.commit(self.toPlainText())
            self._desk.close()

    def _count(self) -> None:
        if self._desk.count is not None:
            self._desk.count(self.toPlainText(), self._tell, self)

    def _tell(self, reading: TokenReading) -> None:
        self.foot.setText(reading.words)
        self.setAccessibleDescription(reading.words)
        self.tokens.show_tokens(reading)
        self._lay_out()

    def _lay_out(self) -> None:
        """Give the tokens and their number the lower end, the text what is left."""
        strip = self.height() // 3 if not self.tokens.isHidden() else 0
        foot = _FOOT if self._desk.count is not None else 0
        self.setViewportMargins(0, 0, 0, foot + strip)
        self.tokens.setGeometry(4, self.height() - _FOOT - strip, self.width() - 8, strip)
        self.foot.setGeometry(8, self.height() - _FOOT - 2, self.width() - 18, _FOOT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def event(self, event: QEvent) -> bool:
        return keeps_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self._done = True
            self._desk.close()
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self.keep()
            self._desk.go_on(1 if key == Qt.Key.Key_Tab else -1)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.keep()
