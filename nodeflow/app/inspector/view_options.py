"""Options of a form: boxes and sliders made from what it declares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSpinBox, QWidget

from nodeflow.app.i18n.texts import tr
from nodeflow.app.qt.long_words import PlainTextEdit
from nodeflow.views import Option

PAUSE = 700
"""Milliseconds without a key after which what is written counts."""


class Words(PlainTextEdit):
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


WIDE, NARROWEST = 330, 200
"""Pixels from which on twice as much stands in a row, and the fewest there may be."""


class ViewOptions(QWidget):
    """A field for each option but the step of a film, which is chosen elsewhere. Fields stand in columns, as many as
    there is room for; a number takes one, a choice two or the rest of a row, and words a row of their own."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._layout = QGridLayout(self)
        self._layout.setSizeConstraint(QGridLayout.SizeConstraint.SetNoConstraint)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setVerticalSpacing(5)
        self._layout.setHorizontalSpacing(8)
        self._options: tuple[Option, ...] = ()
        self._chosen: dict[str, Any] = {}
        self._fields: dict[str, QComboBox | QSpinBox | Words] = {}
        self._titles: dict[str, QLabel] = {}
        self._columns = 0

    def show_options(self, options: Iterable[Option]) -> None:
        """Offer these; what was chosen under a name stays chosen where it is still offered."""
        offered = tuple(option for option in options if not option.time)
        if offered == self._options:
            return
        self._options = offered
        for widget in (*self._fields.values(), *self._titles.values()):
            widget.hide()
            widget.deleteLater()
        self._fields.clear()
        self._titles.clear()
        for option in offered:
            make = self._spin if _is_number(option) else self._words if option.text else self._combo
            field = self._fields[option.name] = make(option)
            field.setAccessibleName(tr(option.title))
            label = self._titles[option.name] = QLabel(tr(option.title))
            label.setBuddy(field)
        self._arrange()
        self.setVisible(bool(offered))

    def minimumSizeHint(self) -> QSize:
        """Narrower than the fields in their columns: where it is, they stand in fewer."""
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._columns != self._fitting:
            self._arrange()

    @property
    def _fitting(self) -> int:
        return 4 if self.width() >= WIDE else 2

    def _arrange(self) -> None:
        """Put the fields that mean something now into rows."""
        self._columns = self._fitting
        rows: list[list[Option]] = [[]]
        for option in self._options:
            meant = self._means(option)
            self._titles[option.name].setVisible(meant)
            self._fields[option.name].setVisible(meant)
            if meant and sum(map(self._wide, rows[-1])) + self._wide(option) > self._columns:
                rows.append([])
            if meant:
                rows[-1].append(option)
        for row, options in enumerate(rows):
            at = 0
            for option in options:
                rest = option is options[-1] and not _is_number(option)
                wide = self._columns - at if rest else self._wide(option)
                self._layout.addWidget(self._titles[option.name], row, 2 * at)
                self._layout.addWidget(self._fields[option.name], row, 2 * at + 1, 1, 2 * wide - 1)
                at += wide
        for column in range(8):
            self._layout.setColumnStretch(column, column % 2 if column < 2 * self._columns else 0)

    def _wide(self, option: Option) -> int:
        """The columns that a field takes at least."""
        return 1 if _is_number(option) else self._columns if option.text else 2

    def _means(self, option: Option) -> bool:
        """Return whether an option means something beside what is chosen of another."""
        if not option.needs:
            return True
        name, *wanted = option.needs
        field = self._fields.get(name)
        return not isinstance(field, QComboBox) or field.currentData() in wanted

    def values(self) -> dict[str, Any]:
        """Return what is chosen, by the options' names."""
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
        if any(name in option.needs[:1] for option in self._options):
            self._arrange()
        self.changed.emit()
