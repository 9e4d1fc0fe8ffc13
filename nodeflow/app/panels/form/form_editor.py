"""Where a form is arranged: its entries as a list that is sorted by hand, and what is written of the chosen one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.form_model import FormModel, FormOffer
from nodeflow.app.model.search import Subject, search
from nodeflow.app.qt.picker import Picker, PickerEntry
from nodeflow.graph.edits.form_edits import without
from nodeflow.graph.model.form import Form, FormField, FormOutput
from nodeflow.graph.model.workflow import NODE_ID

Entry = FormField | FormOutput
_WIDTH = 420


class _Entries(QListWidget):
    """``moved``: a line to another place. ``removed``: the current one is to go."""

    moved = Signal(int, int)
    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setSpacing(3)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.moved.emit(self.currentRow(), self.currentRow() + step)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """The form is changed, and its change moves the line."""
        row, at = self.currentRow(), event.position().toPoint()
        over = self.indexAt(at)
        to = over.row() + int(at.y() > self.visualRect(over).center().y()) if over.isValid() else self.count()
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        self.moved.emit(row, to - int(to > row))


class FormEditor(QWidget):
    """Every change is a step of undo; what is typed in one field is one."""

    def __init__(self, model: FormModel) -> None:
        super().__init__()
        self._model = model
        self._entries: list[Entry] = []
        self.picker: Picker | None = None
        self.heading = self._line(self.tr("Title of the form"), lambda text: self._write_form(title=text))
        self.list = _Entries()
        self.list.setAccessibleName(self.tr("Fields and images of the form"))
        self.list.setAccessibleDescription(self.tr("Alt and arrows move an entry, Delete takes it out"))
        self.add = QPushButton(self.tr("Add…"))
        self.remove = QPushButton(self.tr("Remove"))
        self.up, self.down = QPushButton("↑"), QPushButton("↓")
        self.up.setAccessibleName(self.tr("Move up"))
        self.down.setAccessibleName(self.tr("Move down"))
        self.entry_title = self._line(self.tr("Title"), lambda text: self._write(title=text))
        self.name = self._line(self.tr("Name for scripts"), self._write_name)
        self.group = self._line(self.tr("Group"), lambda text: self._write(group=text))
        self.low = self._line(self.tr("From"), lambda text: self._write_bound("minimum", text))
        self.high = self._line(self.tr("To"), lambda text: self._write_bound("maximum", text))
        self.fault = QLabel()
        self.fault.setObjectName("warning")
        self.fault.setWordWrap(True)
        self._lay_out()
        self.add.clicked.connect(self.choose)
        self.remove.clicked.connect(self._remove)
        self.up.clicked.connect(lambda: self._move(self.list.currentRow(), self.list.currentRow() - 1))
        self.down.clicked.connect(lambda: self._move(self.list.currentRow(), self.list.currentRow() + 1))
        self.list.moved.connect(self._move)
        self.list.removed.connect(self._remove)
        self.list.currentRowChanged.connect(self._show_entry)
        model.changed.connect(self.fill)
        self.fill()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.add, self.remove):
            buttons.addWidget(button)
        buttons.addStretch()
        for button in (self.up, self.down):
            buttons.addWidget(button)
        self.rows = QFormLayout()
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for line in (self.entry_title, self.name, self.group, self.low, self.high):
            self.rows.addRow(line.accessibleName(), line)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 8, 20, 8)
        column.addWidget(self.heading)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        column.addLayout(self.rows)
        column.addWidget(self.fault)

    def _line(self, name: str, write: Callable[[str], None]) -> QLineEdit:
        line = QLineEdit()
        line.setAccessibleName(name)
        line.setMaxLength(1000)
        line.textEdited.connect(write)
        if name == self.tr("Title of the form"):
            line.setPlaceholderText(name)
        return line

    # --- what is shown

    def fill(self) -> None:
        """Show the entries anew; the line that is chosen stays chosen."""
        form, row = self._model.form, self.list.currentRow()
        self._entries = [*form.fields, *form.outputs]
        if self.heading.text() != form.title:
            self.heading.setText(form.title)
        self.list.blockSignals(True)
        while self.list.count() > len(self._entries):
            self.list.takeItem(self.list.count() - 1)
        for number, entry in enumerate(self._entries):
            item = self.list.item(number)
            if item is None:
                item = QListWidgetItem()
                self.list.addItem(item)
            item.setText(_words(entry, self.tr("Image: {0}")))
        self.list.setCurrentRow(min(max(row, 0), len(self._entries) - 1))
        self.list.blockSignals(False)
        self._show_entry()

    @property
    def entry(self) -> Entry | None:
        """The chosen entry."""
        row = self.list.currentRow()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def _show_entry(self, _: int = 0) -> None:
        entry = self.entry
        field = entry if isinstance(entry, FormField) else None
        shown = next((one for one in self._model.fields if one.field is field), None)
        number = shown is not None and shown.place is not None and shown.place.param.kind in ("int", "float")
        texts = {
            self.entry_title: entry.title if entry is not None else None,
            self.name: field.name if field is not None else None,
            self.group: field.group if field is not None else None,
            self.low: _number(field.minimum) if field is not None and number else None,
            self.high: _number(field.maximum) if field is not None and number else None,
        }
        for line, text in texts.items():
            self.rows.setRowVisible(line, text is not None)
            being_typed = line in (self.low, self.high) and line.hasFocus() and _same_number(line.text(), text)
            if line.text() != (text or "") and not being_typed:
                line.setText(text or "")
        self.remove.setEnabled(entry is not None)
        row, many = self.list.currentRow(), len(self._model.form.fields)
        first, last = (0, many - 1) if field is not None else (many, len(self._entries) - 1)
        self.up.setEnabled(entry is not None and row > first)
        self.down.setEnabled(entry is not None and row < last)
        self._say((shown.fault if shown is not None else self._output_fault(entry)) or "")

    def _output_fault(self, entry: Entry | None) -> str:
        return self._model.output_fault(entry) if isinstance(entry, FormOutput) else ""

    def _say(self, words: str) -> None:
        self.fault.setText(words)
        self.fault.setVisible(bool(words))

    # --- what a person does

    def choose(self) -> None:
        """Let a person choose what else the form shows."""
        page = self.window()
        picker = self.picker = Picker(page, self.tr("What should the form show?"), lines=8)
        offers = {offer.key: offer for offer in self._model.offers()}
        picker.chosen.connect(lambda key: self._add(offers[key]))
        for end in (picker.chosen, picker.closed):
            end.connect(picker.deleteLater)
        at = self.add.mapTo(page, QPoint(0, self.add.height()))
        hint = self.tr("Enter adds it, Esc closes")
        picker.open(lambda words: found(offers, words, self.tr("Image: {0}")), at, _WIDTH, hint)

    def _add(self, offer: FormOffer) -> None:
        self._model.add(offer)
        form = self._model.form
        row = len(form.fields) - 1 if isinstance(offer.entry, FormField) else len(self._entries) - 1
        self.list.setCurrentRow(row)
        self.list.setFocus()

    def _remove(self) -> None:
        if (entry := self.entry) is not None:
            self._model.change(without(self._model.form, entry))

    def _move(self, row: int, to: int) -> None:
        """Move an entry among its like: fields stand before images."""
        form, many = self._model.form, len(self._model.form.fields)
        if row < 0:
            return
        if row < many:
            to = min(max(to, 0), many - 1)
            changed = msgspec.structs.replace(form, fields=_moved(form.fields, row, to))
        else:
            to = min(max(to, many), len(self._entries) - 1)
            changed = msgspec.structs.replace(form, outputs=_moved(form.outputs, row - many, to - many))
        self._model.change(changed)
        self.list.setCurrentRow(to)

    def _write_form(self, **fields: str) -> None:
        self._model.change(msgspec.structs.replace(self._model.form, **fields), ("form", *fields))

    def _write(self, **fields: Any) -> None:
        entry, row = self.entry, self.list.currentRow()
        if entry is not None:
            after = msgspec.structs.replace(entry, **fields)
            self._model.change(_replaced(self._model.form, entry, after), ("form entry", row, *fields))

    def _write_name(self, text: str) -> None:
        entry = self.entry
        if not NODE_ID.fullmatch(text):
            self._say(self.tr("A name starts with a letter; then come letters, digits, _ or -."))
        elif any(one.name == text for one in self._model.form.fields if one is not entry):
            self._say(self.tr("Another field has this name."))
        else:
            self._write(name=text)

    def _write_bound(self, side: str, text: str) -> None:
        try:
            value = float(text) if text.strip() else None
        except ValueError:
            self._say(self.tr("This is no number."))
            return
        field = self.entry
        assert isinstance(field, FormField)
        after = {"minimum": field.minimum, "maximum": field.maximum} | {side: value}
        low, high = after["minimum"], after["maximum"]
        if (value is not None and abs(value) == float("inf")) or value != value:
            self._say(self.tr("This is no number."))
        elif low is not None and high is not None and low > high:
            self._say(self.tr("The range ends before it begins."))
        else:
            self._write(**{side: value})


def found(offers: dict[str, FormOffer], words: str, image: str) -> list[PickerEntry]:
    """What of the offers fits the words, as lines of a picker."""

    def subject(key: str) -> Subject:
        offer = offers[key]
        port = offer.entry.param if isinstance(offer.entry, FormField) else offer.entry.output
        own = port.replace("_", " ")  # English in every language
        return Subject(offer.title, (own, offer.node, f"{offer.node} {offer.title}"))

    keys = search(words, offers, subject) if words.strip() else list(offers)
    return [_line(offers[key], image) for key in keys]


def _line(offer: FormOffer, image: str) -> PickerEntry:
    title = image.format(offer.title) if isinstance(offer.entry, FormOutput) else offer.title
    return PickerEntry(offer.key, title, offer.node)


def _words(entry: Entry, image: str) -> str:
    """An entry as a line: what it is called, and where it stands."""
    if isinstance(entry, FormOutput):
        return image.format(entry.title or readable(entry.output)) + f"   ({entry.node}.{entry.output})"
    return f"{entry.title or readable(entry.param)}   ({entry.node}.{entry.param})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _same_number(typed: str, kept: str | None) -> bool:
    """Return whether what is being typed is the number that is kept: ``4.`` on the way to ``4.5``."""
    try:
        return bool(kept) and float(typed) == float(kept or 0)
    except ValueError:
        return False


def _moved(entries: tuple[Any, ...], row: int, to: int) -> tuple[Any, ...]:
    rest = list(entries)
    rest.insert(to, rest.pop(row))
    return tuple(rest)


def _replaced(form: Form, before: Entry, after: Entry) -> Form:
    return msgspec.structs.replace(
        form,
        fields=tuple(after if one is before else one for one in form.fields),
        outputs=tuple(after if one is before else one for one in form.outputs),
    )
