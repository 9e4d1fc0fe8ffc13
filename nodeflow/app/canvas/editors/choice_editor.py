"""The editors for one of several, and for yes or no."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QWidget

from nodeflow.app.canvas.editors.editor_host import Desk, keeps_escape
from nodeflow.app.i18n.pack_translations import told_choice
from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.search import matching
from nodeflow.app.qt import theme
from nodeflow.app.qt.picker import Picker, PickerEntry
from nodeflow.graph.model.catalogue import Param

_LINES = 12
_Key = Qt.Key


class ChoiceEditor(Picker):
    """A list of the choices that typing narrows. Enter or a click takes one, Tab takes it and goes on, Escape none."""

    def __init__(self, param: Param, value: Any, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent, readable(param.name), tall=False, lines=_LINES)
        self._param, self._value, self._desk, self._done = param, str(value), desk, False
        self.chosen.connect(self._take)
        self.closed.connect(self.keep)

    def open_at(self, row: QRect) -> None:
        """Open over a row."""

        def find(words: str) -> list[PickerEntry]:
            found = matching(words, [f"{label}\n{choice}" for choice, label in labels.items()])
            return [PickerEntry(choice, label) for label, _, choice in (both.partition("\n") for both in found)]

        labels = {choice: told_choice(self._param.name, choice) for choice in self._param.choices}
        widest = max(map(self.fontMetrics().horizontalAdvance, labels.values()), default=0)
        at = QPoint(row.left() - 6, row.top() - 6)
        self.open(find, at, max(row.width() + 12, widest + 60), current=self._value)

    def keep(self) -> None:
        """Close; nothing is chosen by going elsewhere."""
        if not self._done:
            self._done = True
            self._desk.close()

    def key(self, key: Qt.Key) -> bool:
        if key in (_Key.Key_Tab, _Key.Key_Backtab):
            if self.current():
                self._take(self.current())
            self._desk.go_on(1 if key == _Key.Key_Tab else -1)
            return True
        return super().key(key)

    def hasFocus(self) -> bool:
        return self.field.hasFocus()

    def _take(self, choice: str) -> None:
        if not self._done:
            self._done = True
            self._desk.commit(choice)
            self._desk.close()


class SwitchEditor(QCheckBox):
    """Yes or no for those who came by the keyboard: Space switches, Enter keeps, Tab keeps and goes on."""

    def __init__(self, param: Param, value: Any, desk: Desk, parent: QWidget) -> None:
        super().__init__(readable(param.name), parent)
        self._desk, self._done = desk, False
        self.setChecked(bool(value))
        t = theme.current()
        self.setStyleSheet(
            f"QCheckBox {{ background: {t.field}; color: {t.text}; border: 1px solid {t.accent}; border-radius: 5px;"
            " padding: 0 8px; }"
        )

    def keep(self) -> None:
        """Hand over which it is and close."""
        if not self._done:
            self._done = True
            self._desk.commit(self.isChecked())
            self._desk.close()

    def event(self, event: QEvent) -> bool:
        return keeps_escape(event) or super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        self.keep()
        self._desk.go_on(1 if forward else -1)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (_Key.Key_Return, _Key.Key_Enter):
            self.keep()
        elif event.key() == _Key.Key_Escape:
            self._done = True
            self._desk.close()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.keep()
