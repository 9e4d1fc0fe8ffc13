"""The floating editor: one small widget over the row that is being edited, made by the kind of its parameter."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QAction, QFocusEvent, QFont, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from nodeflow.app.canvas.editors.choice_editor import ChoiceEditor, SwitchEditor
from nodeflow.app.canvas.editors.editor_host import Desk, Editor, keeps_escape
from nodeflow.app.canvas.editors.expressions import number
from nodeflow.app.canvas.editors.model_editor import ModelEditor
from nodeflow.app.canvas.editors.scrub import step_of, tidy
from nodeflow.app.canvas.editors.text_editor import TextEditor
from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import describe, readable, tr
from nodeflow.app.qt import theme
from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.model.plain_values import shown


class LineEditor(QLineEdit):
    """A line of text or a number. Enter and leaving keep it, Escape does not; what does not fit is marked."""

    def __init__(self, param: Param, value: Any, desk: Desk, parent: QWidget) -> None:
        super().__init__(f"{value:.12g}" if isinstance(value, float) else str(value), parent)
        self._param, self._desk, self._done = param, desk, False
        self.setAccessibleName(readable(param.name))
        self.setPlaceholderText(describe(param))
        self.textEdited.connect(self._judge)
        self.selectAll()
        if param.widget == "seed":
            self._add_button("⚄", tr("Another seed"), self._reroll)
        elif param.widget in ("file", "folder"):
            self._add_button("…", tr("Choose"), self._browse)

    def value(self) -> Any:
        """Return what is written, as a value; None where it is none."""
        text = self.text()
        if self._param.kind not in ("int", "float"):
            return text
        found = number(text)
        return int(found) if found is not None and self._param.kind == "int" and found == int(found) else found

    def keep(self) -> None:
        """Hand the value over and close; one out of range is brought into it."""
        if self._done:
            return
        self._done = True
        value = self.value()
        if value is not None and self._param.kind in ("int", "float") and self._param.fault(value):
            value = tidy(self._param, value)
        if value is not None:
            self._desk.commit(value)
        elif self.text().strip():
            self._desk.refuse(tr("This is no number: {0}").format(shown(self.text())))
        self._desk.close()

    def event(self, event: QEvent) -> bool:
        return keeps_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.keep()
        elif key == Qt.Key.Key_Escape:
            self._done = True
            self._desk.close()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._param.kind in ("int", "float"):
            value = self.value()
            if value is not None:
                many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
                step = step_of(self._param) * many * (1 if key == Qt.Key.Key_Up else -1)
                self.setText(f"{tidy(self._param, tidy(self._param, value) + step, abs(step)):.12g}")
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        self.keep()
        self._desk.go_on(1 if forward else -1)
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.keep()

    def _judge(self) -> None:
        value = self.value()
        fault = tr("this is no number") if value is None else self._param.fault(value)
        self.setStyleSheet(f"border: 1px solid {theme.current().bad};" if fault else "")
        self.setToolTip(said(fault))

    def _add_button(self, sign: str, name: str, act: Callable[[], None]) -> None:
        action = QAction(_sign(sign), name, self)
        action.triggered.connect(act)
        self.addAction(action, QLineEdit.ActionPosition.TrailingPosition)

    def _reroll(self) -> None:
        self.setText(str(random.randrange(2**32)))
        self.keep()

    def _browse(self) -> None:
        self._done = True  # the dialog takes the focus: that must not close this editor with the old text
        parent, where = self.window(), _folder_of(self.text())
        if self._param.widget == "file":
            chosen = QFileDialog.getOpenFileName(parent, tr("Choose a file"), where)[0]
        else:
            chosen = QFileDialog.getExistingDirectory(parent, tr("Choose a folder"), where)
        if chosen:
            self._desk.commit(chosen)
        self._desk.close()


def open_editor(param: Param, value: Any, row: QRect, desk: Desk, parent: QWidget) -> Editor:
    """The editor that fits a parameter, over its row; it has the focus."""
    if param.widget == "model" and desk.models is not None:
        models = ModelEditor(param, str(value), desk.models, desk, parent)
        models.open_at(row)
        return models
    if param.kind == "choice":
        choice = ChoiceEditor(param, value, desk, parent)
        choice.open_at(row)
        return choice
    made: LineEditor | TextEditor | SwitchEditor
    smallest = QSize(150, 28)
    if param.kind == "bool":
        made = SwitchEditor(param, value, desk, parent)
    elif param.widget == "multiline":
        made = TextEditor(param, value, desk, parent)
        smallest = QSize(440, 260 if desk.count is not None else 200)
    else:
        made = LineEditor(param, value, desk, parent)
        if param.kind in ("str", "path"):
            smallest = QSize(210, 28)
    inside = parent.rect().adjusted(4, 4, -4, -4)
    made.resize(row.size().expandedTo(smallest).boundedTo(inside.size()))
    x, y = row.x(), row.y()
    made.move(min(max(x, inside.left()), inside.right() - made.width()), min(y, inside.bottom() - made.height()))
    made.show()
    made.setFocus()
    return made


def _folder_of(text: str) -> str:
    """Where a dialog for another file begins; empty where the text is no path."""
    try:
        return str(Path(text).expanduser().parent)
    except (RuntimeError, ValueError):  # somebody's folder whom nobody knows
        return ""


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
