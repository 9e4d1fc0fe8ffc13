"""The form of a session's workflow: its fields with their values, what can be added to it, its changes. No widgets."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator
from typing import Any, NamedTuple

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.graph.edits.edits import Edit, SetForm
from nodeflow.graph.model.catalogue import Catalogue, Param
from nodeflow.graph.model.form import Form, FormField, FormOutput
from nodeflow.graph.model.roles import SEEN
from nodeflow.graph.model.workflow import TERMINALS, Socket, Workflow, WorkflowError
from nodeflow.graph.subgraphs.flatten import inside_of
from nodeflow.graph.subgraphs.instances import definition_of, with_subgraphs
from nodeflow.graph.validate.form_fields import FieldPlace, output_fault, place_of

EMPTY = Form()


class ShownField(NamedTuple):
    """A field, its title, and its place; or, without one, why it cannot be shown."""

    field: FormField
    title: str
    place: FieldPlace | None
    fault: str = ""

    @property
    def look(self) -> tuple[FormField, Param | None, str]:
        """What decides which widget stands there, whatever its value."""
        return self.field, self.place.param if self.place is not None else None, self.fault


class FormOffer(NamedTuple):
    """A parameter, or an output of images, that the form may show too."""

    key: str
    entry: FormField | FormOutput
    title: str
    node: str


class FormModel(QObject):
    """``changed``: the form shows other fields or outputs. ``values_changed``: a value is another."""

    changed = Signal()
    values_changed = Signal()

    def __init__(self, session: DocumentSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.fields: list[ShownField] = []
        self._look: object = None
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self.refresh)
        session.opened.connect(self._watch)
        session.catalogue_changed.connect(self.refresh)
        self._watch()

    @property
    def form(self) -> Form:
        """The form, empty where the workflow has none."""
        return self.session.workflow.form or EMPTY

    @property
    def title(self) -> str:
        """What stands above the form."""
        return self.form.title or self.session.title

    @property
    def catalogue(self) -> Catalogue:
        """The nodes there are, with the workflow's subgraphs."""
        return with_subgraphs(self.session.catalogue, self.session.workflow)

    def _watch(self) -> None:
        leave = self.session.document.subscribe(self._hear)
        self.destroyed.connect(lambda: leave())  # one that a person adds fields by goes long before the document
        self.refresh()

    def _hear(self, _: Edit) -> None:
        self._soon.start()

    def refresh(self) -> None:
        """Look at the workflow, and tell what is another."""
        self._soon.stop()
        catalogue, workflow = self.catalogue, self.session.workflow
        self.fields = [_shown(field, workflow, catalogue) for field in self.form.fields]
        look = (self.session.id, self.title, self.form, [field.look for field in self.fields])
        if look != self._look:
            self._look = look
            self.changed.emit()
        else:
            self.values_changed.emit()

    def output_fault(self, output: FormOutput) -> str:
        """Return why an output cannot be shown; empty where it can."""
        return said(output_fault(output, self.session.workflow, self.catalogue))

    # --- what a person does

    def set_value(self, name: str, value: Any, gesture: Hashable | None = None) -> None:
        """Set the field of a name as an undo step; one that has the value already stays."""
        for shown in self.fields:
            if shown.field.name == name and shown.place is not None and shown.place.value != value:
                words = self.tr("Set {0}").format(shown.title)
                self.session.do(words, shown.place.edit(value), gesture)
                self.refresh()

    def change(self, form: Form, gesture: Hashable | None = None) -> None:
        """Give the workflow another form as an undo step."""
        if form != self.form:
            self.session.do(self.tr("Change the Form"), SetForm(form), gesture)
            self.refresh()

    def add(self, offer: FormOffer) -> None:
        """Put what is offered at the end of the form."""
        self.change(with_entry(self.form, offer.entry))

    def offers(self, paths: Container[str] | None = None) -> list[FormOffer]:
        """What the form does not show yet: images first; of the nodes at these paths alone where they are named."""
        shown = {(one.node, one.param) for one in self.form.fields}
        shown |= {(one.node, one.output) for one in self.form.outputs}
        found = [
            offer
            for offer in _offered(self.session.workflow, self.catalogue, "", "", ())
            if (offer.entry.node, _port(offer.entry)) not in shown and (paths is None or offer.entry.node in paths)
        ]
        return sorted(found, key=lambda offer: isinstance(offer.entry, FormField))


def with_entry(form: Form, entry: FormField | FormOutput) -> Form:
    """The form with one entry more, under a name that is free."""
    if isinstance(entry, FormOutput):
        return msgspec.structs.replace(form, outputs=(*form.outputs, entry))
    taken, number, name = {field.name for field in form.fields}, 1, entry.name
    while name in taken:
        number += 1
        name = f"{entry.name}_{number}"
    return msgspec.structs.replace(form, fields=(*form.fields, msgspec.structs.replace(entry, name=name)))


def _port(entry: FormField | FormOutput) -> str:
    return entry.param if isinstance(entry, FormField) else entry.output


def _shown(field: FormField, workflow: Workflow, catalogue: Catalogue) -> ShownField:
    title = field.title or readable(field.param)
    try:
        return ShownField(field, title, place_of(field, workflow, catalogue))
    except WorkflowError as error:
        return ShownField(field, field.title or field.name, None, "\n".join(said(one.reason) for one in error.problems))


def _offered(
    root: Workflow, catalogue: Catalogue, where: str, path: str, around: tuple[str, ...]
) -> Iterator[FormOffer]:
    """Yield what the nodes of a level could show, and those inside its instances."""
    body = inside_of(root, where)
    for name, node in body.nodes.items():
        spec = catalogue.nodes.get(node.type)
        if name in TERMINALS or spec is None:
            continue
        place = f"{path}/{name}" if path else name
        titled = body.layout[name].title if name in body.layout else ""
        for param in spec.params:
            if Socket(name, param.name) not in body.links:
                entry: FormField | FormOutput = FormField(place, param.name, param.name)
                yield FormOffer(f"p:{place}.{param.name}", entry, readable(param.name), titled or place)
        for output in spec.outputs:
            if output.type in catalogue.types(SEEN):
                entry = FormOutput(place, output.name)
                yield FormOffer(f"o:{place}.{output.name}", entry, readable(output.name), titled or place)
        inner = definition_of(node.type)
        if inner in root.subgraphs and inner not in around:
            yield from _offered(root, catalogue, inner, place, (*around, inner))
