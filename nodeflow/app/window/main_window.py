"""The main window: documents in tabs in the middle, panels around them, tool bar and status line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QUndoGroup
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QToolBar,
    QToolButton,
    QUndoView,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.canvas.controller.canvas_controller import Canvas
from nodeflow.app.canvas.controller.node_commands import NodeCommands
from nodeflow.app.commands import canvas_actions
from nodeflow.app.commands.cheat_sheet import CheatSheet
from nodeflow.app.commands.context_menu import canvas_menu
from nodeflow.app.commands.palette import Palette
from nodeflow.app.commands.registry import Actions
from nodeflow.app.dialogs.settings_dialog import SettingsDialog
from nodeflow.app.model.document_session import DocumentSession, has_workflow
from nodeflow.app.model.engine_service import default_output
from nodeflow.app.model.journal import Journal
from nodeflow.app.model.settings import Settings
from nodeflow.app.model.sweep_runs import SweepRuns
from nodeflow.app.panels.gallery import Gallery
from nodeflow.app.panels.log_panel import LogPanel
from nodeflow.app.panels.node_help import NodeHelp
from nodeflow.app.panels.node_library import NODE, NodeLibrary
from nodeflow.app.panels.preview import Preview
from nodeflow.app.panels.problems import Problems
from nodeflow.app.panels.properties import Properties
from nodeflow.app.panels.queue_panel import QueuePanel
from nodeflow.app.qt import theme
from nodeflow.app.qt.background import Background
from nodeflow.app.start_page.start_page import StartPage
from nodeflow.app.window import window_actions
from nodeflow.app.window.crash_recovery import Recovery, RecoveryBar
from nodeflow.app.window.docks import Dock, PerTab, pass_keys
from nodeflow.app.window.document_files import Documents
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.status_bar import Status
from nodeflow.app.window.tabs import Tabs
from nodeflow.engine.protocol.limits import Limits

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
LOADER = "nodes.load_image"


class MainWindow(QMainWindow):
    """Several workflows, one engine. `session`, `canvas` and so on are those of the document in front."""

    def __init__(self, session: DocumentSession) -> None:
        super().__init__()
        self.hub = session.hub
        self.hub.setParent(self)
        self.settings = Settings(self)
        self.settings.changed.connect(self._take_setting)
        for key in (Settings.device.key, *([Settings.output.key] if self.settings.output else [])):
            self._take_setting(key)
        if self.settings.cache_gib:
            self.hub.limits = Limits(disk=round(self.settings.cache_gib * 2**30))
        self.background = Background(self)
        self.sweep_runs = SweepRuns(self.hub, self.background)
        self.undos = QUndoGroup(self)
        self.tabs = Tabs(lambda: DocumentSession(hub=self.hub), self)
        self.recovery = Recovery(self.tabs, Journal())
        self.recovery_bar = RecoveryBar(self.tabs, self.recovery)
        self.documents = Documents(self, self.tabs, self.settings, self.background)
        self.actions_ = Actions(self, self.settings)
        self.tabs.added.connect(self._welcome)
        self.tabs.add(session)
        window_actions.define(self.actions_, self)
        canvas_actions.define(self.actions_, lambda: self.gestures)
        self.palette_ = Palette(self, self.actions_)
        self.setAcceptDrops(True)
        self._start: StartPage | None = None
        self._lay_out()
        self.tabs.front_changed.connect(self._show_front)
        self.tabs.close_wanted.connect(self.documents.close)
        self.tabs.emptied.connect(self.show_start_page)
        self.documents.shown.connect(self._show_documents)
        self.tabs.new_wanted.connect(self.documents.new)
        self.hub.trouble.connect(lambda words: self.canvas.view.toast.say(words))
        self._show_front(self.tabs.front)

    # --- the document in front

    @property
    def session(self) -> DocumentSession:
        return self.tabs.front.session

    @property
    def canvas(self) -> Canvas:
        return self.tabs.front.canvas

    @property
    def gestures(self) -> NodeCommands:
        return self.tabs.front.gestures

    @property
    def problems(self) -> Problems:
        return self.tabs.front.problems

    @property
    def preview(self) -> Preview:
        page = self._previews.page(self.tabs.front)
        assert isinstance(page, Preview)
        return page

    @property
    def help(self) -> NodeHelp:
        return self.properties.help

    @property
    def properties(self) -> Properties:
        page = self._properties.page(self.tabs.front)
        assert isinstance(page, Properties)
        return page

    # --- what stands where

    def _lay_out(self) -> None:
        self.resize(1600, 950)
        self.actions_.fill_menu_bar(self.menuBar())
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.recovery_bar)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.tabs)
        column.addWidget(self._pages, 1)
        self.setCentralWidget(middle)
        self.setDockNestingEnabled(True)
        side = Qt.DockWidgetArea
        below = side.BottomDockWidgetArea
        for area in (side.LeftDockWidgetArea, side.RightDockWidgetArea, side.BottomDockWidgetArea):
            self.setTabPosition(area, QTabWidget.TabPosition.North)
        self.setCorner(Qt.Corner.BottomRightCorner, side.RightDockWidgetArea)
        self.setCorner(Qt.Corner.BottomLeftCorner, side.LeftDockWidgetArea)
        self._previews = PerTab(self.tabs, lambda tab: Preview(tab.session))
        self._properties = PerTab(self.tabs, Properties)
        library = self._dock("library", self.tr("Library"), self._make_library, side.LeftDockWidgetArea)
        preview = self._dock("preview", self.tr("Preview"), lambda: self._previews, side.RightDockWidgetArea)
        help = self._dock("properties", self.tr("Properties"), lambda: self._properties, side.RightDockWidgetArea)
        inspector = self._dock("inspector", self.tr("Inspector"), self._make_inspector, side.RightDockWidgetArea)
        self.tabifyDockWidget(preview, inspector)
        preview.raise_()
        self.resizeDocks([preview, help], [500, 340], Qt.Orientation.Vertical)
        self.resizeDocks([library, preview], [230, min(390, self.width() // 4)], Qt.Orientation.Horizontal)
        queue = self._dock("queue", self.tr("Queue"), lambda: QueuePanel(self.hub, self.tabs, self.run), below)
        log = self._dock("log", self.tr("Log"), lambda: LogPanel(self.hub, self.background), below)
        gallery = self._dock("gallery", self.tr("Gallery"), self._make_gallery, below)
        history = self._dock("history", self.tr("History"), self._make_history, side.LeftDockWidgetArea)
        self.resizeDocks([gallery, queue, log], [250, 250, 250], Qt.Orientation.Vertical)
        for dock in (library, history, gallery, queue, log):
            dock.hide()
        self.tabifyDockWidget(gallery, queue)
        self.tabifyDockWidget(queue, log)
        self.addToolBar(self._tool_bar())
        self.menuBar().setCornerWidget(self._run_buttons())
        self.status = Status(self.hub, self.session)
        self.setStatusBar(self.status)
        self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))
        self.restoreState(QByteArray.fromBase64(self.settings.panels.encode()))
        self.canvas.view.setFocus()

    def _dock(self, id: str, title: str, content: Callable[[], QWidget], area: Qt.DockWidgetArea) -> Dock:
        """A panel, with an action that shows and hides it."""
        dock = Dock(self, id, title, content)
        self.addDockWidget(area, dock)
        dock.visibilityChanged.connect(self._name_bars)
        self.actions_.adopt(f"view.{id}", "view", dock.switch, [])
        return dock

    def _name_bars(self) -> None:
        """Qt makes tab bars for panels that share a place, without a name."""
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setAccessibleName(self.tr("Panels"))

    def _make_library(self) -> QWidget:
        library = NodeLibrary(self.tabs)
        library.wanted.connect(self.add_node)
        return library

    def _make_inspector(self) -> QWidget:
        from nodeflow.app.inspector.inspector_panel import InspectorPanel  # charts take long to load

        return PerTab(self.tabs, InspectorPanel)

    def _make_history(self) -> QWidget:
        view = QUndoView(self.undos)
        view.setAccessibleName(self.tr("Steps that can be taken back"))
        view.setEmptyLabel(self.tr("As it was opened"))
        return view

    def _make_gallery(self) -> QWidget:
        gallery = Gallery(self.hub, self.background)
        gallery.opened.connect(self.show_file)
        return gallery

    def _tool_bar(self) -> QToolBar:
        bar = QToolBar(self.tr("Tools"))
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        a = self.actions_
        bar.addActions([a["view.home"], a["file.new"], a["file.open"], a["file.save"]])
        bar.addSeparator()
        bar.addActions(window_actions.undo_buttons(self))
        bar.addSeparator()
        bar.addActions([a[f"view.{id}"] for id in ("library", "gallery", "queue", "log")])
        return bar

    def _run_buttons(self) -> QWidget:
        """Cancel and run, in the corner, where no width of the window hides them."""
        corner = QWidget(self.menuBar())
        row = QHBoxLayout(corner)
        row.setContentsMargins(0, 5, 10, 1)
        for id in ("run.cancel", "run.run"):
            button = QToolButton()
            button.setDefaultAction(self.actions_[id])
            button.setObjectName(id.partition(".")[2])
            row.addWidget(button)
        return corner

    def retheme(self) -> None:
        """Follow the system from light to dark or back."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, self.settings.theme)
            for tab in self.tabs:
                tab.canvas.retheme()
            self._show_selection(self.tabs.front)
            if self._start is not None:
                self._start.retheme()

    # --- what a person does

    def show_file(self, path: Path) -> bool:
        """Open a workflow file or a picture that holds one, in a tab; what is wrong with it is said."""
        return self.documents.show_file(path)

    @property
    def start_page(self) -> StartPage | None:
        """The start page where it is shown."""
        return self._start if self._pages.currentWidget() is self._start else None

    def show_start_page(self) -> None:
        """Show the start page in place of the documents; what is opened or made there brings them back."""
        if self._start is None:
            self._start = StartPage(self.hub, self.documents, self.background)
            self._start.wanted.connect(self._start_with)
            self._pages.addWidget(self._start)
        self._pages.setCurrentWidget(self._start)
        self._start.setFocus()

    def _start_with(self, path: Path, run: bool) -> None:
        if self.show_file(path) and run:
            self.run()

    def _show_documents(self) -> None:
        self._pages.setCurrentWidget(self.tabs)
        self.canvas.view.setFocus()

    def take_file(self, path: Path, at: QPoint) -> None:
        """A file was dropped: open it; a picture without a workflow becomes a node that loads it."""
        if path.suffix.lower() == ".json" or self.background.wait(lambda: has_workflow(path)):
            self.show_file(path)
        elif LOADER in self.hub.catalogue.nodes:
            name = self.add_node(LOADER, at)
            self.canvas.values.set(name, "path", str(path))

    def next_panel(self, by: int) -> None:
        """Bring the keys from the canvas to the first panel that is seen, from there to the next, and around."""
        docks = [dock for dock in self.findChildren(Dock) if not dock.visibleRegion().isEmpty()]
        docks.sort(key=lambda dock: (dock.x(), dock.y()))
        places: list[QWidget] = [self.start_page or self.canvas.view, *(dock.fill() for dock in docks)]
        pass_keys(places, self.focusWidget(), by)

    def add_node(self, node_type: str, at: QPoint | None = None) -> str:
        """Add a node to the document in front, at a point of the window or in the middle of what is seen; its id."""
        view = self.canvas.view
        place = view.viewport().rect().center() if at is None else view.viewport().mapFrom(self, at)
        name = self.gestures.add(node_type, view.mapToScene(place))
        view.setFocus()
        return name

    def run(self) -> None:
        """Run the workflow as it stands, with what is being typed; on the start page, the chosen one."""
        page = self.start_page
        if page is not None:
            if page.chosen is not None:
                self._start_with(page.chosen, True)
            return
        self.canvas.view.finish_editor()
        self.session.run()

    def show_cheat_sheet(self) -> None:
        """Show all keys on one page."""
        sheet = CheatSheet(self, self.actions_)
        sheet.change.clicked.connect(self.show_keys)
        sheet.change.clicked.connect(sheet.close)
        sheet.open()

    def show_settings(self) -> SettingsDialog:
        """Show the pages of choices."""
        dialog = SettingsDialog(self, self.settings, self.actions_, self.background)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def show_keys(self) -> None:
        """Show the page on which keys are changed."""
        self.show_settings().show_keys()

    def _take_setting(self, key: str) -> None:
        """A choice holds from now on, where it can."""
        match key:
            case Settings.theme.key:
                self.retheme()
            case Settings.output.key:
                self.hub.output = Path(self.settings.output) if self.settings.output else default_output()
            case Settings.device.key:
                self.hub.wanted = self.settings.device

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.documents.may_leave(list(self.tabs)):
            event.ignore()
            return
        self.hide()  # what follows may take a moment
        self.documents.remember()
        self.settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.settings.panels = bytes(self.saveState().toBase64().data()).decode()
        self.settings.sync()
        self.background.close()
        self.recovery.finish()
        self.hub.close()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _files_of(event) or event.mimeData().hasFormat(NODE):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        if event.mimeData().hasFormat(NODE):
            self.add_node(bytes(event.mimeData().data(NODE).data()).decode(), event.position().toPoint())
        for path in _files_of(event):
            self.take_file(path, event.position().toPoint())

    # --- what documents tell

    def _welcome(self, tab: DocumentTab) -> None:
        """A tab is there: its history, its canvas and what is selected in it are the window's too."""
        self.undos.addStack(tab.session.stack)
        self.actions_.attach(tab.canvas.view)
        tab.renamed.connect(self._show_title)
        tab.session.run_changed.connect(self._show_run)
        tab.session.opened.connect(lambda: self._show_selection(tab))
        tab.canvas.selection_changed.connect(lambda: self._show_selection(tab))
        tab.canvas.view.menu_wanted.connect(lambda at: canvas_menu(tab.gestures, self.actions_, self).exec(at))

    def _show_front(self, tab: DocumentTab) -> None:
        self.undos.setActiveStack(tab.session.stack)
        self.status.watch(tab.session)
        tab.canvas.view.setFocus()
        self._show_title()
        self._show_run()

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.tabs.front.title}[*] – nodeflow")
        self.setWindowModified(self.session.dirty)

    def _show_run(self) -> None:
        self.actions_["run.cancel"].setEnabled(self.session.running)

    def _show_selection(self, tab: DocumentTab) -> None:
        if tab is not self.tabs.front or not hasattr(self, "_properties"):
            return
        name = next(iter(tab.canvas.chosen()), "")
        self.properties.show_node(name)
        if name and (path := tab.canvas.scope.path_of(name)) != self.preview.node:
            self.preview.look_at(path)


def _files_of(event: QDropEvent) -> list[Path]:
    """The workflows and pictures that are being dropped."""
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if path.suffix.lower() in (".json", *PICTURES)]
