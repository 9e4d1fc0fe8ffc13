"""What a person can choose about a form: boxes and sliders made from its options."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPlainTextEdit, QSpinBox, QWidget

from nodeflow.app.words import tr
from nodeflow.forms import Option

PAUSE = 700
"""Milliseconds without a key after which what is written counts."""


class Words(QPlainTextEdit):
    """Some lines of one's own. ``said``: they are others now, and no key was struck for a moment."""

    said = Signal()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTabChangesFocus(True)
        self.setFixedHeight(3 * self.fontMetrics().lineSpacing() + 12)
        clock = QTimer(self, interval=PAUSE, singleShot=True)
        clock.timeout.connect(self.said)
        self.textChanged.connect(clock.start)

    def value(self) -> str:
        return self.toPlainText()

    def setValue(self, text: str) -> None:
        self.setPlainText(text)


def _is_number(option: Option) -> bool:
    return not option.choices and not option.text


def _side_by_side(fields: list[tuple[str, QWidget]]) -> QWidget:
    """Fields in one row, each but the first with its title before it."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    for number, (title, field) in enumerate(fields):
        if number:
            label = QLabel(title)
            label.setBuddy(field)
            layout.addWidget(label)
        layout.addWidget(field, 1)
    return row


class Choices(QWidget):
    """A row for each option but the step of a film, which is chosen elsewhere; numbers stand in one row together."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setVerticalSpacing(5)
        self._layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._options: tuple[Option, ...] = ()
        self._chosen: dict[str, Any] = {}
        self._fields: dict[str, QComboBox | QSpinBox | Words] = {}

    def show_options(self, options: Iterable[Option]) -> None:
        """Offer these; what was chosen under a name stays chosen where it is still offered."""
        offered = tuple(option for option in options if not option.time)
        if offered == self._options:
            return
        self._options = offered
        self._fields.clear()
        while self._layout.rowCount():
            self._layout.removeRow(0)
        for are_numbers, found in groupby(offered, _is_number):
            row = [(tr(option.title), self._field(option)) for option in found]
            if are_numbers:
                self._layout.addRow(row[0][0], _side_by_side(row))
            else:
                for title, field in row:
                    self._layout.addRow(title, field)
        self.setVisible(bool(offered))

    def _field(self, option: Option) -> QWidget:
        make = self._spin if _is_number(option) else self._words if option.text else self._combo
        field = self._fields[option.name] = make(option)
        field.setAccessibleName(tr(option.title))
        return field

    def values(self) -> dict[str, Any]:
        """What is chosen, by the options' names."""
        return {
            name: field.currentData() if isinstance(field, QComboBox) else field.value()
            for name, field in self._fields.items()
        }

    def choose(self, name: str, value: Any) -> None:
        """Choose as a hand would; what is not offered now is chosen when it is."""
        self._chosen[name] = value
        field = self._fields.get(name)
        if isinstance(field, QComboBox):
            field.setCurrentIndex(max(field.findData(value), 0))
        elif field is not None:
            field.setValue(value)

    def choose_all(self, values: dict[str, Any]) -> None:
        """Choose several as one change, which is told where one of them is offered."""
        self.blockSignals(True)
        for name, value in values.items():
            self.choose(name, value)
        self.blockSignals(False)
        if values.keys() & self._fields.keys():
            self.changed.emit()

    def _combo(self, option: Option) -> QComboBox:
        combo = QComboBox()
        for choice in option.choices:
            combo.addItem(tr(choice), choice)
        combo.setCurrentIndex(max(combo.findData(self._chosen.get(option.name)), 0))
        combo.currentIndexChanged.connect(lambda: self._take(option.name, combo.currentData()))
        return combo

    def _words(self, option: Option) -> Words:
        words = Words(self._chosen.get(option.name, ""))
        words.said.connect(lambda: self._take(option.name, words.value()))
        return words

    def _spin(self, option: Option) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(option.minimum, option.maximum)
        spin.setSuffix(f" / {option.maximum}")
        spin.setValue(self._chosen.get(option.name, option.start))
        spin.valueChanged.connect(lambda value: self._take(option.name, value))
        return spin

    def _take(self, name: str, value: Any) -> None:
        self._chosen[name] = value
        self.changed.emit()
