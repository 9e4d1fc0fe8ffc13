"""The properties of the selected node: its parameters to be edited, and below them its help."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QPushButton, QVBoxLayout, QWidget

from nodeflow.app.canvas.editors.editor_host import Convert
from nodeflow.app.i18n.texts import describe, readable, tr
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.model_choices import ModelChoices
from nodeflow.app.model.value_facts import ValueFacts
from nodeflow.app.panels.model_field import ModelField
from nodeflow.app.panels.node_help import NodeHelp
from nodeflow.app.qt.drawn_places import is_drawn
from nodeflow.app.qt.fields import Field, LineField, field_of
from nodeflow.app.qt.levels_drawing import drawn_param
from nodeflow.app.qt.mask_field import MaskField
from nodeflow.app.qt.places_field import WIDGETS, PlacesField
from nodeflow.graph.edits.edits import Connect, Disconnect, Edit, SetParam
from nodeflow.graph.model.catalogue import NodeSpec, Param
from nodeflow.graph.model.workflow import Socket

Change = Callable[[str, str, Any, Any], None]
"""Sets a parameter of a node; the steps of one gesture are one."""
PropertyField = Field | ModelField | MaskField | PlacesField
ModelsOf = Callable[[str, str], ModelChoices | None]


class Properties(QWidget):
    """Follows the document: a value that is changed anywhere is shown here, and one changed here is an undo step.

    ``mask_wanted``: a mask is to be painted, ``places_wanted``: boxes or points are to be drawn, in the parameter of a
    node (of no name: in those that are edges).
    """

    mask_wanted = Signal(str, str)
    places_wanted = Signal(str, str)

    def __init__(
        self, scope: GraphScope, facts: ValueFacts, change: Change, models: ModelsOf, convert: Convert
    ) -> None:
        """``models`` gives the models that a parameter of a node may name, ``convert`` asks about a pickled one."""
        super().__init__()
        self._models, self._convert = models, convert
        self._scope, self._set = scope, change
        self._name = ""
        self._spec: NodeSpec | None = None
        self.fields: dict[str, PropertyField] = {}
        self.help = NodeHelp(scope, facts)
        self._box = QWidget()
        self._form = QFormLayout(self._box)
        self._form.setContentsMargins(14, 12, 14, 4)
        self._form.setHorizontalSpacing(14)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._box)
        layout.addWidget(self.help, 1)
        self._scope.opened.connect(lambda: self.show_node(""))
        self._scope.subscribe(self._follow)
        self._scope.problems_changed.connect(self._show_missing)
        self._scope.session.take_typed.connect(self.finish)
        self.show_node("")

    def show_node(self, name: str) -> None:
        """Show a node; none where the name is empty."""
        self.help.show_node(name)
        node = self._scope.workflow.nodes.get(name)
        spec = self._scope.catalogue.nodes.get(node.type) if node is not None else None
        if (name, spec) != (self._name, self._spec):
            self.finish()
            self._name, self._spec = name, spec
            self._fill()
        self._show_values()

    def finish(self) -> None:
        """Take what is being typed."""
        for field in self.fields.values():
            if isinstance(field, LineField) and field.hasFocus():
                field.keep()

    def _follow(self, edit: Edit) -> None:
        match edit:
            case SetParam(node) if node == self._name:
                self._show_values()
            case Connect(link) if link.target == self._name:
                self._show_values()
            case Disconnect(socket) if socket.node == self._name:
                self._show_values()

    def _fill(self) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self.fields.clear()
        for param in self._spec.params if self._spec else ():
            field = self._field(param)
            self.fields[param.name] = field
            self._form.addRow(readable(param.name), field)
        if self._spec is not None and is_drawn(self._spec) and any(param.edge for param in self._spec.params):
            self._form.addRow(self._draw_button(self.tr("Draw on an image…")))
        if self._spec is not None and drawn_param(self._spec) is not None:
            self._form.addRow(self._draw_button(self.tr("Draw the curve…")))
        self._box.setVisible(bool(self.fields))

    def _draw_button(self, words: str) -> QPushButton:
        button = QPushButton(words)
        button.clicked.connect(lambda: self.places_wanted.emit(self._name, ""))
        return button

    def _field(self, param: Param) -> PropertyField:
        change = partial(self._change, param.name)
        if param.widget == "model":
            return ModelField(param, change, lambda: self._models(self._name, param.name), self._convert)
        if param.widget == "mask":
            return MaskField(param, lambda: self.mask_wanted.emit(self._name, param.name))
        if param.widget in WIDGETS:
            return PlacesField(param, lambda: self.places_wanted.emit(self._name, param.name))
        return field_of(param, change)

    def _show_missing(self) -> None:
        """Mark the fields of models that are not here."""
        ports = {problem.port for problem in self._scope.problems if problem.node == self._name}
        for name, field in self.fields.items():
            if isinstance(field, ModelField):
                field.show_missing(name in ports)

    def _show_values(self) -> None:
        node = self._scope.workflow.nodes.get(self._name)
        if node is None or self._spec is None:
            return
        for param in self._spec.params:
            field = self.fields[param.name]
            fed = Socket(self._name, param.name) in self._scope.workflow.links
            field.setEnabled(not fed)
            if fed and isinstance(field, LineField):
                field.show_wire(tr("from wire"))
            else:
                field.show_value(node.params.get(param.name, param.default))
            told = str(node.params.get(param.name, param.default)) if param.widget == "model" else describe(param)
            field.setToolTip(self.tr("A wire gives this value.") if fed else told)
        self._show_missing()

    def _change(self, param: str, value: Any, gesture: Any) -> None:
        node = self._scope.workflow.nodes.get(self._name)
        if node is None or self._spec is None:
            return
        spec = self._spec.param(param)
        if spec is not None and value != node.params.get(param, spec.default):
            self._set(self._name, param, value, gesture)
