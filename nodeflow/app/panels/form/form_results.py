"""The images of a form: those that its author chose, one of them large, or else the newest of the run."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.form_model import FormModel
from nodeflow.app.panels.preview import Preview
from nodeflow.graph.model.form import FormOutput


class FormResults(QWidget):
    """A button for each output where there are several, and below them the image."""

    def __init__(self, model: FormModel, preview: Preview) -> None:
        super().__init__()
        self._model, self.preview = model, preview
        self.buttons = QButtonGroup(self)
        self.fault = QLabel()
        self.fault.setObjectName("warning")
        self.fault.setWordWrap(True)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(14, 8, 14, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._row)
        column.addWidget(self.fault)
        column.addWidget(preview, 1)
        self._shown: FormOutput | None = None
        self.buttons.idClicked.connect(self.show_output)
        model.changed.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """Offer the outputs anew; the one that was shown stays, where it is still among them."""
        for button in self.buttons.buttons():
            self.buttons.removeButton(button)
            self._row.removeWidget(button)
            button.deleteLater()
        outputs = self._model.form.outputs
        for number, output in enumerate(outputs if len(outputs) > 1 else ()):
            button = QToolButton()
            button.setText(output.title or readable(output.output))
            button.setCheckable(True)
            self.buttons.addButton(button, number)
            self._row.insertWidget(number, button)
        places = [(one.node, one.output) for one in outputs]
        before = (self._shown.node, self._shown.output) if self._shown is not None else ("", "")
        self.show_output(places.index(before) if before in places else 0)

    def show_output(self, number: int) -> None:
        """Show what an output gives; without outputs, whatever the run gives."""
        outputs = self._model.form.outputs
        self._shown = output = outputs[number] if number < len(outputs) else None
        if (button := self.buttons.button(number)) is not None:
            button.setChecked(True)
        fault = self._model.output_fault(output) if output is not None else ""
        self.fault.setText(fault)
        self.fault.setVisible(bool(fault))
        place = None
        if output is not None and not fault:
            place = self._model.session.flattened.flat.origin(output.node, output.output)
        self.preview.pin(*(place or ("", "")))
        if place is None and not self.preview.node:
            self._show_newest()

    def _show_newest(self) -> None:
        """Show what the last run gave before the form was there."""
        session = self._model.session
        kept = session.images.thumbnails
        given = [name for name in session.states.order if session.state(name).pictures or name in kept]
        if given:
            self.preview.look_at(given[-1])
