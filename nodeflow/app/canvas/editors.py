"""The floating editor: one small widget over the row that is being edited, made by the kind of its parameter."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QFocusEvent, QFont, QIcon, QKeyEvent, QPainter, QPixmap, QTextCursor
from PySide6.QtWidgets import QComboBox, QCompleter, QFileDialog, QLineEdit, QPlainTextEdit, QWidget

from nodeflow import resources
from nodeflow.app import theme
from nodeflow.app.canvas.scrub import step_of, tidy
from nodeflow.app.words import readable, tr
from nodeflow.graph.catalog import Param

Commit = Callable[[Any], None]
Close = Callable[[], None]


class LineEditor(QLineEdit):
    """A line of text or a number. Enter and leaving keep it, Escape does not; what does not fit is marked."""

    def __init__(self, param: Param, value: Any, commit: Commit, close: Close, parent: QWidget) -> None:
        super().__init__(f"{value:.12g}" if isinstance(value, float) else str(value), parent)
        self._param, self._commit, self._close = param, commit, close
        self._done = False
        self.setAccessibleName(readable(param.name))
        self.setPlaceholderText(param.describe())
        self.textEdited.connect(self._judge)
        self.selectAll()
        if param.widget == "seed":
            self._add_button("⚄", tr("Another seed"), self._reroll)
        elif param.widget in ("file", "folder", "model"):
            self._add_button("…", tr("Choose"), self._browse)
        if param.widget == "model":
            names = [resources.STARTER + name for name in resources.starter_models()]
            self.setCompleter(QCompleter(names, self))

    def value(self) -> Any:
        """What is written, as a value; None where it is none."""
        text = self.text()
        if self._param.kind not in ("int", "float"):
            return text
        try:
            number = float(text.replace(",", "."))
            return int(text) if self._param.kind == "int" and text.strip("+-0123456789 ") == "" else number
        except ValueError:
            return None

    def keep(self) -> None:
        """Hand the value over and close; one out of range is brought into it."""
        if self._done:
            return
        self._done = True
        value = self.value()
        if value is not None and self._param.kind in ("int", "float") and self._param.fault(value):
            value = tidy(self._param, value)
        if value is not None:
            self._commit(value)
        self._close()

    def event(self, event: QEvent) -> bool:
        return _keeps_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            self.keep()
        elif key == Qt.Key.Key_Escape:
            self._done = True
            self._close()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._param.kind in ("int", "float"):
            number = self.value()
            if number is not None:
                many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
                step = step_of(self._param) * many * (1 if key == Qt.Key.Key_Up else -1)
                self.setText(f"{tidy(self._param, number + step, abs(step)):.12g}")
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.keep()

    def _judge(self) -> None:
        value = self.value()
        fault = tr("this is no number") if value is None else self._param.fault(value)
        self.setStyleSheet(f"border: 1px solid {theme.current().bad};" if fault else "")
        self.setToolTip(fault)

    def _add_button(self, sign: str, name: str, act: Callable[[], None]) -> None:
        action = QAction(_sign(sign), name, self)
        action.triggered.connect(act)
        self.addAction(action, QLineEdit.ActionPosition.TrailingPosition)

    def _reroll(self) -> None:
        self.setText(str(random.randrange(2**32)))
        self.keep()

    def _browse(self) -> None:
        self._done = True  # the dialog takes the focus: that must not close this editor with the old text
        parent, where = self.window(), str(Path(self.text()).expanduser().parent)
        if self._param.widget == "file":
            chosen = QFileDialog.getOpenFileName(parent, tr("Choose a file"), where)[0]
        else:
            chosen = QFileDialog.getExistingDirectory(parent, tr("Choose a folder"), where)
        if chosen:
            self._commit(chosen)
        self._close()


class TextEditor(QPlainTextEdit):
    """A text of several lines. Leaving keeps it (so does running the workflow), Escape does not."""

    def __init__(self, param: Param, value: Any, commit: Commit, close: Close, parent: QWidget) -> None:
        super().__init__(str(value), parent)
        self._commit, self._close, self._done = commit, close, False
        self.setAccessibleName(readable(param.name))
        self.moveCursor(QTextCursor.MoveOperation.End)

    def keep(self) -> None:
        """Hand the text over and close."""
        if not self._done:
            self._done = True
            self._commit(self.toPlainText())
            self._close()

    def event(self, event: QEvent) -> bool:
        return _keeps_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._done = True
            self._close()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.keep()


class ChoiceEditor(QComboBox):
    """One of several; its list stands open at once, and closing the list closes the editor."""

    def __init__(self, param: Param, value: Any, commit: Commit, close: Close, parent: QWidget) -> None:
        super().__init__(parent)
        self._commit, self._close, self._done = commit, close, False
        self.setAccessibleName(readable(param.name))
        self.addItems(list(param.choices))
        self.setCurrentText(str(value))
        self.setMaxVisibleItems(16)
        self.activated.connect(self.keep)
        self.view().window().installEventFilter(self)
        QTimer.singleShot(0, self, self.showPopup)

    def keep(self) -> None:
        """Hand the choice over and close."""
        if not self._done:
            self._done = True
            self._commit(self.currentText())
            self._close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide and not self._done:
            QTimer.singleShot(0, self, self._leave)  # after ``activated``, which comes with the same click
        return super().eventFilter(watched, event)

    def _leave(self) -> None:
        if not self._done:
            self._done = True
            self._close()


Editor = LineEditor | TextEditor | ChoiceEditor


def open_editor(param: Param, value: Any, row: QRect, commit: Commit, close: Close, parent: QWidget) -> Editor:
    """The editor that fits a parameter, over its row; it has the focus."""
    made: Editor
    smallest = QSize(150, 28)
    if param.kind == "choice":
        made = ChoiceEditor(param, value, commit, close, parent)
    elif param.widget == "multiline":
        made = TextEditor(param, value, commit, close, parent)
        smallest = QSize(210, 78)
    else:
        made = LineEditor(param, value, commit, close, parent)
        if param.kind in ("str", "path"):
            smallest = QSize(210, 28)
    made.setGeometry(QRect(row.topLeft(), row.size().expandedTo(smallest)))
    inside = parent.rect()
    made.move(QPoint(max(0, min(made.x(), inside.right() - made.width())), max(0, made.y())))
    made.show()
    made.setFocus()
    return made


def _keeps_escape(event: QEvent) -> bool:
    """Escape closes the editor; it does not cancel the run meanwhile."""
    escape = (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and event.key() == Qt.Key.Key_Escape
    )
    if escape:
        event.accept()
    return escape


def _sign(words: str) -> QIcon:
    """A character as an icon in the text's colour."""
    picture = QPixmap(32, 32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    font = QFont()
    font.setPixelSize(24)
    painter.setFont(font)
    painter.setPen(theme.colour("dim"))
    painter.drawText(picture.rect(), int(Qt.AlignmentFlag.AlignCenter), words)
    painter.end()
    return QIcon(picture)
