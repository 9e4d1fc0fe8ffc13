"""The panels around the documents: which there are, where they stand, and what each is told of the documents."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QUndoGroup
from PySide6.QtWidgets import QMainWindow, QTabBar, QTabWidget, QUndoView, QWidget
from shiboken6 import isValid

from nodeflow.app.commands.registry import Actions
from nodeflow.app.inspector.image_comparison import ImageComparison
from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.past_jobs import PastJobs
from nodeflow.app.model.run_state import RunStates
from nodeflow.app.model.settings import Settings
from nodeflow.app.panels.course_panel import CoursePanel
from nodeflow.app.panels.gallery import Gallery
from nodeflow.app.panels.import_report_panel import ImportReportPanel
from nodeflow.app.panels.log_panel import LogPanel
from nodeflow.app.panels.model_panel import ModelPanel
from nodeflow.app.panels.node_library import NodeLibrary
from nodeflow.app.panels.preview import Preview
from nodeflow.app.panels.properties import Properties
from nodeflow.app.panels.queue_panel import QueuePanel
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.thumbnails import Thumbnails
from nodeflow.app.window.docks import NARROW, Dock, PerTab, pass_keys
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.large_panel import LargePanel
from nodeflow.app.window.tabs import Tabs

if TYPE_CHECKING:
    from nodeflow.app.inspector.inspector_panel import InspectorPanel


class PanelDocks(QObject):
    """Holds the docks and connects their panels with the tabs.

    ``node_wanted``: a node of the library, by its type. ``file_wanted``: an image of the gallery, or the
    workflow of the course's page, is to be opened.
    ``run_wanted``: the queue runs the document in front once more. ``model_wanted``: a model of the panel is to be
    loaded, ``convert_wanted``: one is to be converted, ``folders_wanted``: the folders of models are to be changed.
    ``job_wanted``: what a job was asked to do is to be opened.
    ``mask_wanted``: a mask is to be painted over what a node of a document gave.
    """

    node_wanted = Signal(str)
    model_wanted = Signal(object)
    convert_wanted = Signal(Path)
    folders_wanted = Signal()
    file_wanted = Signal(Path)
    input_wanted = Signal(Path)
    mask_wanted = Signal(DocumentTab, str, str)
    run_wanted = Signal()
    job_wanted = Signal(object)

    def __init__(
        self,
        window: QMainWindow,
        actions: Actions,
        tabs: Tabs,
        hub: EngineService,
        undos: QUndoGroup,
        background: Background,
        settings: Settings,
        past: PastJobs,
    ) -> None:
        super().__init__(window)
        self._past = past
        self._settings = settings
        self._window, self._actions, self._tabs, self._hub = window, actions, tabs, hub
        self._undos, self._background = undos, background
        self._previews = PerTab(tabs, self._make_preview)
        self._properties = PerTab(tabs, _properties)
        window.setDockNestingEnabled(True)
        side = Qt.DockWidgetArea
        left, right, below = side.LeftDockWidgetArea, side.RightDockWidgetArea, side.BottomDockWidgetArea
        for area in (left, right, below):
            window.setTabPosition(area, QTabWidget.TabPosition.North)
        window.setCorner(Qt.Corner.BottomRightCorner, right)
        window.setCorner(Qt.Corner.BottomLeftCorner, left)
        library = self._dock("library", self.tr("Library"), self._make_library, left)
        models = self._dock("models", self.tr("Models"), self._make_models, left)
        preview = self._preview = self._dock("preview", self.tr("Preview"), lambda: self._previews, right)
        properties = self._dock("properties", self.tr("Properties"), lambda: self._properties, right)
        self._inspector = inspector = self._dock(
            "inspector", self.tr("Inspector"), lambda: PerTab(tabs, self._make_inspector), right
        )
        window.tabifyDockWidget(preview, inspector)
        preview.raise_()
        window.resizeDocks([preview, properties], [500, 340], Qt.Orientation.Vertical)
        window.resizeDocks([library, preview], [230, min(390, window.width() // 4)], Qt.Orientation.Horizontal)
        queue = self._dock("queue", self.tr("Queue"), self._make_queue, below)
        log = self._dock("log", self.tr("Log"), lambda: LogPanel(hub, background), below)
        gallery = self._dock("gallery", self.tr("Gallery"), self._make_gallery, below)
        self._imports = self._dock("import", self.tr("Import"), lambda: PerTab(tabs, _import_report), left)
        history = self._dock("history", self.tr("History"), self._make_history, left)
        window.resizeDocks([gallery, queue, log], [250, 250, 250], Qt.Orientation.Vertical)
        course = self._dock("course", self.tr("Course"), self._make_course, left)
        for dock in (library, models, history, gallery, queue, log, course, self._imports):
            dock.hide()
        window.resizeDocks([self._imports], [300], Qt.Orientation.Horizontal)
        self._about_graph = [library, models, preview, properties, inspector, log, history]
        self._aside: list[Dock] | None = None
        """The panels that a form took the room of; None while there is no form."""
        self._dismissed: set[DocumentTab] = set()
        """Imported documents whose report the person has put away."""
        self._imports.dismissed.connect(lambda: self._dismissed.add(tabs.front))
        tabs.front_changed.connect(self.follow_imports)
        tabs.removed.connect(self._dismissed.discard)
        window.tabifyDockWidget(library, models)
        window.tabifyDockWidget(gallery, queue)
        window.tabifyDockWidget(queue, log)
        self.large = LargePanel(window)

    def stand_close(self, widest: int) -> None:
        """Let all panels share one place, no wider than so many pixels, for a screen that has room for no more."""
        for dock in self._window.findChildren(Dock):
            if dock is not self._preview:
                seen = not dock.isHidden()
                self._window.tabifyDockWidget(self._preview, dock)
                dock.setVisible(seen)
        self._preview.raise_()
        self._window.resizeDocks([self._preview], [min(self._preview.width(), widest)], Qt.Orientation.Horizontal)

    def _fit_in(self, dock: Dock) -> None:
        """In a window that is too narrow for panels side by side one that comes shares the place of the preview."""
        if dock is not self._preview and dock.isHidden() and self._window.width() < NARROW:
            self._window.tabifyDockWidget(self._preview, dock)

    def in_front(self) -> list[Dock]:
        """The panels that are seen: those that no other one covers."""
        return [dock for dock in self._window.findChildren(Dock) if not dock.visibleRegion().isEmpty()]

    @property
    def preview(self) -> Preview:
        """The preview of the document in front."""
        page = self._previews.page(self._tabs.front)
        assert isinstance(page, Preview)
        return page

    @property
    def properties(self) -> Properties:
        """The properties of the document in front."""
        page = self._properties.page(self._tabs.front)
        assert isinstance(page, Properties)
        return page

    def show_inspector(self) -> None:
        """Bring the inspector in front."""
        self._inspector.come()

    def turn_large(self, id: str = "") -> None:
        """Lay a panel over the whole window, or put it back: the one named, else the one with the keys, else the
        inspector."""
        dock = self._window.findChild(Dock, id) if id else self._with_keys()
        if self.large.dock is None and dock is not None:
            dock.show()
            dock.raise_()
        self.large.turn(dock or self._inspector)

    def _with_keys(self) -> Dock | None:
        focus = self._window.focusWidget()
        docks = self._window.findChildren(Dock)
        return next((dock for dock in docks if focus is not None and dock.isAncestorOf(focus)), None)

    def bring(self, id: str) -> QWidget | None:
        """Bring a panel in front, and return its content."""
        dock = self._window.findChild(Dock, id)
        if dock is None:
            return None
        if self.large.dock is dock:
            return self.large.content
        dock.come()
        return dock.fill()

    def show_import_report(self, tab: DocumentTab) -> None:
        """Show beside the canvas what became of a document that was imported."""
        self._dismissed.discard(tab)
        self._imports.show()
        self._imports.raise_()
        self._imports.fill()
        self._window.resizeDocks([self._imports], [300], Qt.Orientation.Horizontal)

    def follow_imports(self, tab: DocumentTab) -> None:
        """The report stands there while an imported document is in front."""
        if tab.session.report is None:
            self._imports.hide()
        elif tab not in self._dismissed:
            self._imports.show()

    def step_aside(self, aside: bool) -> None:
        """Leave the room to a form, or come back as it was; queue, gallery and course stay where there is room."""
        if aside and self._aside is None:
            narrow = self._window.width() < NARROW
            leaving = self._window.findChildren(Dock) if narrow else self._about_graph
            seen = self.in_front()
            self._aside = sorted((dock for dock in leaving if not dock.isHidden()), key=seen.__contains__)
            for dock in self._aside:
                dock.hide()
        elif not aside and self._aside is not None:
            for dock in self._aside:  # those that were in front come last
                dock.show()
                dock.raise_()
            self._aside = None

    def show_selection(self, tab: DocumentTab) -> None:
        """Tell the panels of a document in front what is selected in it."""
        if tab is not self._tabs.front:
            return
        name = next(iter(tab.canvas.selection.chosen()), "")
        self.properties.show_node(name)
        self.preview.select(tab.canvas.scope.path_of(name) if name else "")

    def pass_keys(self, middle: QWidget, by: int) -> None:
        """Bring the keys from the middle of the window to the first panel that is seen, to the next, and around."""
        docks = [dock for dock in self._window.findChildren(Dock) if not dock.visibleRegion().isEmpty()]
        docks.sort(key=lambda dock: (dock.x(), dock.y()))
        pass_keys([middle, *(dock.fill() for dock in docks)], self._window.focusWidget(), by)

    def _dock(self, id: str, title: str, content: Callable[[], QWidget], area: Qt.DockWidgetArea) -> Dock:
        """A panel, with an action that shows and hides it."""
        dock = Dock(self._window, id, title, content)
        self._window.addDockWidget(area, dock)
        dock.visibilityChanged.connect(self._name_bars)
        self._actions.adopt(f"view.{id}", "view", dock.switch, [])
        dock.wanted.connect(partial(self._fit_in, dock))
        return dock

    def _name_bars(self) -> None:
        """Qt makes tab bars for panels that share a place, without a name."""
        if not isValid(self._window):  # panels of a program that ends at once are hidden after it
            return
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setAccessibleName(self.tr("Panels"))

    def _make_preview(self, tab: DocumentTab) -> Preview:
        preview = Preview(tab.session, tab.history)
        preview.input_wanted.connect(self.input_wanted)
        preview.mask_wanted.connect(lambda node, output: self.mask_wanted.emit(tab, node, output))
        return preview

    def _make_inspector(self, tab: DocumentTab) -> InspectorPanel:
        """The inspector of a document: it follows the selection of its canvas."""
        from nodeflow.app.inspector.inspector_panel import InspectorPanel  # charts take long to load

        panel = InspectorPanel(tab.canvas.scope, tab.history)
        panel.focus_wanted.connect(self.large.leave)
        panel.focus_wanted.connect(tab.canvas.show_node)
        panel.large_wanted.connect(lambda: self.turn_large("inspector"))
        tab.canvas.selection.changed.connect(lambda: panel.follow(tab.canvas.selection.chosen()))
        panel.follow(tab.canvas.selection.chosen())
        return panel

    def _make_library(self) -> QWidget:
        library = NodeLibrary(self._tabs.front.canvas.scope)
        library.wanted.connect(self.node_wanted)
        self._tabs.front_changed.connect(lambda tab: library.watch(tab.canvas.scope))
        return library

    def _make_models(self) -> QWidget:
        panel = ModelPanel(self._hub.models, self._background)
        panel.wanted.connect(self.model_wanted)
        panel.convert_wanted.connect(self.convert_wanted)
        panel.folders_wanted.connect(self.folders_wanted)
        return panel

    def _make_course(self) -> QWidget:
        course = CoursePanel(self._settings)
        course.workflow_wanted.connect(self.file_wanted)
        course.watch(self._tabs.front.session)
        self._tabs.front_changed.connect(lambda tab: course.watch(tab.session))
        return course

    def _make_queue(self) -> QWidget:
        thumbnails = Thumbnails(self._background, self)
        queue = QueuePanel(self._hub, self._states_of, self.run_wanted.emit, self._past, thumbnails)
        queue.edit_wanted.connect(self.job_wanted)
        for tab in self._tabs:
            tab.session.run_changed.connect(queue.tell_time)
        self._tabs.added.connect(lambda tab: tab.session.run_changed.connect(queue.tell_time))
        return queue

    def _states_of(self, document: str) -> RunStates | None:
        return next((tab.session.states for tab in self._tabs if tab.session.id == document), None)

    def _make_history(self) -> QWidget:
        view = QUndoView(self._undos)
        view.setAccessibleName(self.tr("Steps that can be taken back"))
        view.setEmptyLabel(self.tr("As it was opened"))
        return view

    def _compare_images(self, one: Path, other: Path) -> None:
        ImageComparison(self._window, one, other, self._background).open()

    def _make_gallery(self) -> QWidget:
        gallery = Gallery(self._hub, self._background, self._settings)
        gallery.opened.connect(self.file_wanted)
        gallery.compare_wanted.connect(self._compare_images)
        return gallery


def _properties(tab: DocumentTab) -> Properties:
    canvas = tab.canvas
    values, rows = canvas.values, canvas.view.rows
    facts, choices = canvas.facts, values.model_choices
    made = Properties(canvas.scope, facts, values.set, choices, lambda *asked: rows.convert(*asked))
    made.mask_wanted.connect(rows.mask_wanted)
    made.places_wanted.connect(rows.places_wanted)
    return made


def _import_report(tab: DocumentTab) -> ImportReportPanel:
    panel = ImportReportPanel(tab.session)
    panel.wanted.connect(tab.canvas.show_node)
    return panel
