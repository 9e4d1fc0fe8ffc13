"""What the window does with forms: turn a tab between graph and form, and put what is selected into the form."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from nodeflow.app.model.form_model import FormModel
from nodeflow.app.model.settings import Settings
from nodeflow.app.panels.form.field_list import FieldList
from nodeflow.app.panels.form.form_editor import found
from nodeflow.app.panels.form.form_page import FormPage
from nodeflow.app.panels.form.form_results import FormResults
from nodeflow.app.panels.preview import Preview
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.picker import Picker
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.tabs import Tabs

_WIDTH = 420


class FormCommands(QObject):
    """Builds a tab's page when it is first wanted.

    ``input_wanted``, ``mask_wanted``: as of the preview beside the graph. ``paint_wanted``: a mask is to be painted, in
    a node of what the canvas shows and its parameter; ``draw_wanted``: boxes or points are to be drawn there.
    ``run_wanted``: the front document is to run.
    """

    input_wanted = Signal(Path)
    mask_wanted = Signal(DocumentTab, str, str)
    paint_wanted = Signal(DocumentTab, str, str)
    draw_wanted = Signal(DocumentTab, str, str)
    run_wanted = Signal()

    def __init__(self, window: QWidget, tabs: Tabs, settings: Settings, background: Background) -> None:
        super().__init__(window)
        self._tabs, self._settings, self._background = tabs, settings, background
        self._pages: dict[DocumentTab, FormPage] = {}
        self.picker: Picker | None = None
        tabs.removed.connect(lambda tab: self._pages.pop(tab, None))

    def turn(self) -> None:
        """Show the form of the front document, or from there its graph."""
        self.show(self._tabs.front, self._tabs.front.on_canvas)

    def show(self, tab: DocumentTab, form: bool) -> FormPage:
        """Show a document's form or its graph; one that has no form yet is to be arranged."""
        page = self.page(tab)
        tab.session.take_typed.emit()
        tab.show_page(page if form else None)
        if form and tab.session.workflow.form is None:
            page.arrange.setChecked(True)
        return page

    def greet(self, tab: DocumentTab, keys: str) -> None:
        """Say of a document that was opened that it has a form; one without is shown as its graph."""
        if tab.session.workflow.form is not None:
            tab.session.notice.emit(self.tr("This workflow has a form: {0} shows it.").format(keys))
        elif not tab.on_canvas:
            self.show(tab, False)

    def page(self, tab: DocumentTab) -> FormPage:
        """The page of a document's form."""
        if tab not in self._pages:
            self._pages[tab] = self._make(tab)
            tab.add_page(self._pages[tab])
        return self._pages[tab]

    def _make(self, tab: DocumentTab) -> FormPage:
        model = FormModel(tab.session, tab)
        preview = Preview(tab.session, tab.history)
        rows = tab.canvas.view.rows
        fields = FieldList(model, lambda *asked: rows.convert(*asked), self._background)
        page = FormPage(model, fields, FormResults(model, preview), self._settings)
        preview.input_wanted.connect(self.input_wanted)
        preview.mask_wanted.connect(lambda node, output: self.mask_wanted.emit(tab, node, output))
        fields.mask_wanted.connect(lambda path, param: self.paint_wanted.emit(tab, self._went(tab, path), param))
        fields.places_wanted.connect(lambda path, param: self.draw_wanted.emit(tab, self._went(tab, path), param))
        page.run_wanted.connect(self.run_wanted)
        page.cancel_wanted.connect(tab.session.cancel_current)
        page.graph_wanted.connect(lambda: self.show(tab, False))
        return page

    def _went(self, tab: DocumentTab, path: str) -> str:
        """Go to where the node at a path stands; its name there."""
        *way, name = path.split("/")
        tab.canvas.scope.go(tuple(way))
        return name

    def add_selected(self) -> None:
        """Let a person choose which values and images of the selected nodes the form shows."""
        tab = self._tabs.front
        names = tab.canvas.selection.chosen()
        if not names:
            tab.toast.say(self.tr("Select a node first, to put its values into the form."))
            return
        model = FormModel(tab.session)
        offers = {offer.key: offer for offer in model.offers({tab.canvas.scope.path_of(name) for name in names})}
        if not offers:
            tab.toast.say(self.tr("The form shows all of it already."))
            return
        view = tab.canvas.view
        picker = self.picker = Picker(view, self.tr("What should the form show?"), lines=8)
        model.setParent(picker)
        picker.chosen.connect(lambda key: model.add(offers[key]))
        picker.chosen.connect(
            lambda key: tab.toast.tell(self.tr("The form shows “{0}” now.").format(offers[key].title))
        )
        for end in (picker.chosen, picker.closed):
            end.connect(picker.deleteLater)
        middle = view.viewport().rect().center() - QPoint(_WIDTH // 2, 120)
        at = view.mapFromScene(view.pointer()) if view.has_pointer() else middle
        hint = self.tr("Enter adds it, Esc closes")
        picker.open(lambda words: found(offers, words, self.tr("Image: {0}")), at, _WIDTH, hint)
