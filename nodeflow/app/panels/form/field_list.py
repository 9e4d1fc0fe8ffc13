"""The fields of a form, in groups: each made by the kind of its parameter, as in the properties."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from nodeflow.app.canvas.editors.editor_host import Convert
from nodeflow.app.canvas.editors.seeds import another
from nodeflow.app.i18n.texts import describe
from nodeflow.app.model.form_model import FormModel, ShownField
from nodeflow.app.model.model_choices import ModelChoices, families_near
from nodeflow.app.panels.model_field import ModelField
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.fields import Field, LineField, TextField, field_of
from nodeflow.app.qt.image_field import ImageField
from nodeflow.app.qt.mask_field import MaskField
from nodeflow.app.qt.places_field import WIDGETS, PlacesField
from nodeflow.graph.model.roles import LOAD_IMAGE
from nodeflow.graph.subgraphs.flatten import inside_of

FormField = Field | ModelField | MaskField | PlacesField | ImageField
TEXT_LINES = 5


class FieldList(QScrollArea):
    """Follows the form. ``mask_wanted``: a mask is to be painted, in a parameter of the node at a path.
    ``zoomed``: the wheel turned with Ctrl held, by so many eighths of a degree."""

    mask_wanted = Signal(str, str)
    places_wanted = Signal(str, str)
    zoomed = Signal(int)

    def __init__(self, model: FormModel, convert: Convert, background: Background) -> None:
        super().__init__()
        self._model, self._convert, self._background = model, convert, background
        self.fields: dict[str, FormField] = {}
        self._texts: list[TextField] = []
        self.viewport().setAutoFillBackground(False)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        model.changed.connect(self.fill)
        model.values_changed.connect(self._show_values)
        model.session.problems_changed.connect(self._show_missing)
        model.session.take_typed.connect(self.finish)
        self.fill()

    def fill(self) -> None:
        """Make the fields anew."""
        self.fields.clear()
        self._texts.clear()
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(20, 8, 20, 20)
        column.setSpacing(6)
        for group, shown in groupby(self._model.fields, lambda one: one.field.group):
            if group:
                heading = QLabel(group)
                heading.setObjectName("group")
                heading.setWordWrap(True)
                column.addSpacing(10)
                column.addWidget(heading)
            for one in shown:
                self._add(column, one)
        if not self._model.fields:
            column.addWidget(
                _words(self.tr("This workflow has no form yet. Arrange it: choose which values it shows."))
            )
        column.addStretch()
        old = self.takeWidget()
        self.setWidget(box)
        box.setAutoFillBackground(False)
        self.fit()
        if old is not None:
            old.deleteLater()
        self._show_values()

    def fit(self) -> None:
        """Give fields of several lines the height that their text needs now."""
        for field in self._texts:
            field.ensurePolished()
            field.setFixedHeight(field.fontMetrics().lineSpacing() * TEXT_LINES + 16)

    def finish(self) -> None:
        """Take what is being typed."""
        for field in self.fields.values():
            if isinstance(field, LineField) and field.hasFocus():
                field.keep()

    def _add(self, column: QVBoxLayout, shown: ShownField) -> None:
        label = _words(shown.title)
        label.setObjectName("")
        column.addSpacing(4)
        column.addWidget(label)
        if shown.place is None:
            fault = _words(shown.fault)
            fault.setObjectName("warning")
            column.addWidget(fault)
            return
        field = self.fields[shown.field.name] = self._field(shown)
        field.setAccessibleName(shown.title)
        field.installEventFilter(self)
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        label.setBuddy(field)
        if isinstance(field, TextField):
            self._texts.append(field)
        if shown.place.param.widget == "seed":
            row = QHBoxLayout()
            row.addWidget(field, 1)
            row.addWidget(self._dice(shown))
            column.addLayout(row)
        else:
            column.addWidget(field)

    def _field(self, shown: ShownField) -> FormField:
        assert shown.place is not None
        place, model, name = shown.place, self._model, shown.field.name
        change: Callable[[Any, Any], None] = partial(model.set_value, name)
        if place.param.widget == "model":
            return ModelField(place.param, change, lambda: self._models(shown), self._convert)
        if place.param.widget == "mask":
            field, param = shown.field.node, place.param.name
            return MaskField(place.param, lambda: self.mask_wanted.emit(field, param))
        if place.param.widget in WIDGETS:
            node, drawn = shown.field.node, place.param.name
            return PlacesField(place.param, lambda: self.places_wanted.emit(node, drawn))
        if self._is_image(shown):
            return ImageField(place.param, change, model.session.base, self._background)
        return field_of(place.param, change)

    def _is_image(self, shown: ShownField) -> bool:
        assert shown.place is not None
        body = inside_of(self._model.session.workflow, shown.place.where)
        spec = self._model.catalogue.nodes[body.nodes[shown.place.node].type]
        return spec in self._model.catalogue.specs(LOAD_IMAGE) and spec.params[0].name == shown.place.param.name

    def _models(self, shown: ShownField) -> ModelChoices | None:
        place, session = shown.place, self._model.session
        assert place is not None
        body, models = inside_of(session.workflow, place.where), session.hub.models.models
        if place.node not in body.nodes:
            return None
        families = families_near(body, self._model.catalogue, models, place.node, place.param.name)
        return ModelChoices(models, body.nodes[place.node].type, place.param.name, families)

    def _dice(self, shown: ShownField) -> QToolButton:
        """A button that draws another seed."""
        button = QToolButton()
        button.setText("⚄")
        button.setToolTip(self.tr("Another seed"))
        button.setAccessibleName(button.toolTip())
        assert shown.place is not None
        param, name = shown.place.param, shown.field.name
        button.clicked.connect(lambda: self._model.set_value(name, another(param)))
        return button

    def _show_values(self) -> None:
        for shown in self._model.fields:
            field, place = self.fields.get(shown.field.name), shown.place
            if field is None or place is None:
                continue
            field.show_value(place.value)
            field.setEnabled(not place.fed)
            field.setToolTip(self.tr("A wire gives this value.") if place.fed else describe(place.param))
        self._show_missing()

    def _show_missing(self) -> None:
        """Mark the fields of models that are not here."""
        session = self._model.session
        places = {(problem.node, problem.port) for problem in (*session.problems, *session.missing)}
        for shown in self._model.fields:
            field = self.fields.get(shown.field.name)
            if isinstance(field, ModelField):
                field.show_missing((shown.field.node, shown.field.param) in places)

    # --- the wheel: it turns the page, and no value that lies under it by chance

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoomed.emit(event.angleDelta().y())
            event.accept()
        else:
            super().wheelEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent) and not isinstance(watched, TextField):
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def _words(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("dim")
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
