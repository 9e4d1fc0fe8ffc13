"""Fields that hold a node's parameters: one a parameter, made by its kind, for the panel of properties."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from nodeflow.app.i18n.pack_translations import told_choice
from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import describe, readable
from nodeflow.app.qt import theme
from nodeflow.app.qt.long_words import PlainTextEdit
from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.validate.param_assignments import read

Change = Callable[[Any, Any], None]
"""Takes a value, and the gesture that it belongs to: values of one gesture are one step of undo."""
_gestures = itertools.count(1)
_AROUND = 20
"""Pixels of a line that its text has no room in."""


def end_that_fits(words: str, room: int, metrics: QFontMetrics) -> str:
    """The words, or the last of them for which there is room."""
    last, shown = words.split(" "), words
    while len(last) > 1 and metrics.horizontalAdvance(shown) > room:
        last = last[1:]
        shown = " ".join(("…", *last))
    return shown


class LineField(QLineEdit):
    """A number or a line of text; what does not fit is marked and not taken."""

    def __init__(self, param: Param, change: Change) -> None:
        super().__init__()
        self._param, self._change = param, change
        self._hint = describe(param)
        self.textEdited.connect(self._judge)
        self.editingFinished.connect(self.keep)

    def show_wire(self, words: str) -> None:
        """Say that a wire gives the value, in place of the one that waits behind it."""
        self.setText("")
        self.setStyleSheet("")
        self._show_hint(words)

    def _show_hint(self, words: str) -> None:
        """Say in the empty field what it takes: of a long sentence the end, which is the example."""
        self._hint, room = words, self.width() - _AROUND
        self.setPlaceholderText(end_that_fits(words, room, self.fontMetrics()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_hint(self._hint)

    def show_value(self, value: Any) -> None:
        self._show_hint(describe(self._param))
        text = f"{value:.12g}" if isinstance(value, float) else str(value)
        if text != self.text():
            self.setText(text)
            self._judge()

    def _judge(self) -> None:
        fault = self._param.fault(read(self._param, self.text()))
        self.setStyleSheet(f"border: 1px solid {theme.current().bad};" if fault else "")
        self.setToolTip(said(fault))

    def keep(self) -> None:
        """Hand over what is written, where it is a value."""
        if not self.isEnabled():
            return
        value = read(self._param, self.text())
        if not self._param.fault(value):
            self._change(value, None)


class TextField(PlainTextEdit):
    """A text of several lines, kept as it is typed; what is typed in one go is one step of undo.

    What can be no text (half a character) is marked and not taken.
    """

    typed = Signal()

    def __init__(self, param: Param, change: Change) -> None:
        super().__init__()
        self._param, self._change = param, change
        self._gesture = next(_gestures)  # its own from the beginning: what is dropped into it comes without the keys
        self.setTabChangesFocus(True)
        self.setFixedHeight(76)
        self.textChanged.connect(self._keep)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._gesture = next(_gestures)
        super().focusInEvent(event)

    def show_value(self, value: Any) -> None:
        if str(value) != self.toPlainText():
            self.blockSignals(True)
            self.setPlainText(str(value))
            self.blockSignals(False)

    def _keep(self) -> None:
        fault = self._param.fault(self.toPlainText())
        self.setStyleSheet(f"border: 1px solid {theme.current().bad};" if fault else "")
        self.setToolTip(said(fault) or describe(self._param))
        if not fault:
            self._change(self.toPlainText(), ("typing", self._gesture))


class ChoiceField(QComboBox):
    """One of several."""

    def __init__(self, param: Param, change: Change) -> None:
        super().__init__()
        for choice in param.choices:
            self.addItem(told_choice(param.name, choice), choice)
        self.activated.connect(lambda: change(self.currentData(), None))

    def show_value(self, value: Any) -> None:
        self.setCurrentIndex(self.findData(str(value)))


class SwitchField(QCheckBox):
    """On or off."""

    def __init__(self, param: Param, change: Change) -> None:
        super().__init__()
        self.clicked.connect(lambda: change(self.isChecked(), None))

    def show_value(self, value: Any) -> None:
        self.setChecked(bool(value))


Field = LineField | TextField | ChoiceField | SwitchField


def field_of(param: Param, change: Change) -> Field:
    """The field that fits a parameter."""
    made: Field
    if param.kind == "bool":
        made = SwitchField(param, change)
    elif param.kind == "choice":
        made = ChoiceField(param, change)
    elif param.widget == "multiline":
        made = TextField(param, change)
    else:
        made = LineField(param, change)
    assert isinstance(made, QWidget)
    made.setAccessibleName(readable(param.name))
    made.setAccessibleDescription(describe(param))
    return made
