"""The main window: documents in tabs in the middle, panels around them, tool bar and status line."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QUndoGroup
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QVBoxLayout, QWidget

from nodeflow.app.canvas.controller.canvas_controller import Canvas
from nodeflow.app.canvas.controller.node_commands import NodeCommands
from nodeflow.app.commands import canvas_actions
from nodeflow.app.commands.context_menu import canvas_menu
from nodeflow.app.commands.enabled_when import situation_of
from nodeflow.app.commands.grey_reasons import GreyReasons
from nodeflow.app.commands.palette import Palette
from nodeflow.app.commands.registry import Actions
from nodeflow.app.dialogs.settings_dialog import SettingsDialog
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.journal import Journal
from nodeflow.app.model.past_jobs import PastJobs
from nodeflow.app.model.recent_files import RecentFiles
from nodeflow.app.model.settings import Settings
from nodeflow.app.model.sweep_runs import SweepRuns
from nodeflow.app.panels.node_help import NodeHelp
from nodeflow.app.panels.preview import Preview
from nodeflow.app.panels.problems import Problems
from nodeflow.app.panels.properties import Properties
from nodeflow.app.qt import theme
from nodeflow.app.qt.background import Background
from nodeflow.app.start_page.start_page import StartPage
from nodeflow.app.window import tool_bars, window_actions
from nodeflow.app.window.crash_recovery import Recovery, RecoveryBar
from nodeflow.app.window.dialog_commands import DialogCommands
from nodeflow.app.window.docks import NARROW
from nodeflow.app.window.document_files import Documents
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.file_drops import FileDrops
from nodeflow.app.window.foreign_documents import ForeignDocuments
from nodeflow.app.window.form_commands import FormCommands
from nodeflow.app.window.insert_commands import InsertCommands
from nodeflow.app.window.job_commands import JobCommands
from nodeflow.app.window.mask_commands import MaskCommands
from nodeflow.app.window.model_commands import ModelCommands
from nodeflow.app.window.pages import Pages
from nodeflow.app.window.panel_docks import PanelDocks
from nodeflow.app.window.place_commands import PlaceCommands
from nodeflow.app.window.run_notices import RunNotices
from nodeflow.app.window.settings_in_force import SettingsInForce
from nodeflow.app.window.snippet_commands import SnippetCommands
from nodeflow.app.window.status_bar import Status
from nodeflow.app.window.tabs import Tabs
from nodeflow.app.window.tour import TourCard
from nodeflow.app.window.tour_commands import TourCommands
from nodeflow.app.window.window_placement import WindowPlacement
from nodeflow.engine.protocol.run_request import RunRequest


class MainWindow(QMainWindow):
    """Several workflows, one engine. Holds the parts of the window and connects what they tell.

    `session`, `canvas` and so on are those of the document in front.
    """

    def __init__(self, session: DocumentSession) -> None:
        super().__init__()
        self.hub = session.hub
        self.hub.setParent(self)
        self.settings = Settings(self)
        self.background = Background(self)
        self.sweep_runs = SweepRuns(self.hub, self.background)
        self.past = PastJobs(self.hub)
        self.notices = RunNotices(self, self.past, self.settings)
        self.undos = QUndoGroup(self)
        self.tabs = Tabs(lambda: DocumentSession(hub=self.hub), self)
        self.jobs = JobCommands(self.past, self.tabs, self)
        self.models = ModelCommands(self, self.tabs, self.hub.models)
        self.masks = MaskCommands(self, self.tabs)
        self.places = PlaceCommands(self, self.tabs)
        self.forms = FormCommands(self, self.tabs, self.settings, self.background)
        self.snippets = SnippetCommands(self, self.tabs)
        self.recovery = Recovery(self.tabs, Journal())
        self.recovery_bar = RecoveryBar(self.tabs, self.recovery)
        self.recent = RecentFiles(self.settings, self)
        self.foreign = ForeignDocuments(self, self.tabs, self.background)
        self.documents = Documents(self, self.tabs, self.settings, self.recent, self.background, self.foreign)
        self.inserts = InsertCommands(self, self.tabs, self.models, self.foreign, self.recent)
        self.actions_ = Actions(self, self.settings)
        self.pages = Pages(self.tabs, self.hub, self.recent, self.actions_, self.background)
        self.tours = TourCommands(self, self.tabs, self.pages, self.forms, self.actions_)
        self.dialogs = DialogCommands(
            self, self.settings, self.actions_, self.tabs, self.sweep_runs, self.background, self.hub.scripts
        )
        self.drops = FileDrops(self.background, self.inserts.node_takes, self)
        self.palette_ = Palette(self, self.actions_)
        self.panels: PanelDocks | None = None
        self._may_end = False
        self.settings_in_force = SettingsInForce(self.hub, self.settings)
        self.settings_in_force.theme_changed.connect(self.retheme)
        self.grey = GreyReasons(self.actions_, lambda: situation_of(self.canvas, self._sees_canvas))
        self.tabs.added.connect(self._welcome)
        self.tabs.add(session)
        window_actions.define(self.actions_, self)
        canvas_actions.define(self.actions_, lambda: self.gestures)
        self.setAcceptDrops(True)
        self._lay_out()
        self._connect()
        self._show_front(self.tabs.front)

    # --- the document in front

    @property
    def session(self) -> DocumentSession:
        return self.tabs.front.session

    @property
    def canvas(self) -> Canvas:
        return self.tabs.front.canvas

    @property
    def _sees_canvas(self) -> bool:
        return self.start_page is None and self.tabs.front.on_canvas

    @property
    def gestures(self) -> NodeCommands:
        return self.tabs.front.gestures

    @property
    def problems(self) -> Problems:
        return self.tabs.front.problems

    @property
    def preview(self) -> Preview:
        assert self.panels is not None
        return self.panels.preview

    @property
    def properties(self) -> Properties:
        assert self.panels is not None
        return self.panels.properties

    @property
    def help(self) -> NodeHelp:
        return self.properties.help

    @property
    def start_page(self) -> StartPage | None:
        """The start page where it is shown."""
        return self.pages.start_page

    # --- what stands where

    def _lay_out(self) -> None:
        self.resize(1600, 950)
        for menu in self.actions_.fill_menu_bar(self.menuBar()):
            self.grey.watch_menu(menu)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.recovery_bar)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(middle)
        self.panels = PanelDocks(
            self, self.actions_, self.tabs, self.hub, self.undos, self.background, self.settings, self.past
        )
        self.addToolBar(tool_bars.tool_bar(self.actions_, self.undos))
        self.menuBar().setCornerWidget(tool_bars.run_buttons(self.actions_, self.menuBar()))
        self.status = Status(self.hub, self.session, self.models.downloads)
        self.status.downloads_wanted.connect(self.models.show_downloads)
        self.setStatusBar(self.status)
        self.placement = WindowPlacement(self, self.panels, self.settings)
        self.placement.restore()
        self.canvas.view.setFocus()

    def _connect(self) -> None:
        assert self.panels is not None
        self.grey.pointed.connect(lambda words: self.status.showMessage(words))
        self.grey.refused.connect(lambda words: self.tabs.front.toast.say(words))
        self.palette_.opening.connect(self.grey.refresh)
        self.pages.currentChanged.connect(self.grey.refresh)
        self.pages.currentChanged.connect(lambda _: self._make_room(self.tabs.front))
        self.undos.indexChanged.connect(self.grey.refresh)
        self.tabs.front_changed.connect(self._show_front)
        self.tabs.close_wanted.connect(self.documents.close)
        self.tabs.new_wanted.connect(self.documents.new)
        self.documents.shown.connect(self.pages.show_documents)
        self.pages.wanted.connect(self._start_with)
        self.panels.node_wanted.connect(self.inserts.add)
        self.panels.file_wanted.connect(self.show_file)
        self.panels.input_wanted.connect(self.inserts.use_as_input)
        self.panels.mask_wanted.connect(self.masks.paint_on)
        self.panels.run_wanted.connect(self.run)
        self.forms.run_wanted.connect(self.run)
        self.forms.input_wanted.connect(self.inserts.use_as_input)
        self.forms.mask_wanted.connect(self.masks.paint_on)
        self.forms.paint_wanted.connect(self.masks.paint)
        self.forms.draw_wanted.connect(self.places.draw)
        self.panels.job_wanted.connect(self._open_job)
        self.panels.model_wanted.connect(lambda model: self.models.take_file(Path(model.path)))
        self.panels.convert_wanted.connect(self.models.take_file)
        self.panels.folders_wanted.connect(self.models.show_folders)
        self.drops.file_wanted.connect(self.show_file)
        self.drops.node_wanted.connect(self.inserts.add)
        self.drops.picture_wanted.connect(self.inserts.take_image)
        self.foreign.shown.connect(self._show_imported)
        self.foreign.file_wanted.connect(self.show_file)
        self.drops.model_file_wanted.connect(self.models.take_file)
        self.drops.model_wanted.connect(self.inserts.take_model)
        self.documents.model_opened.connect(self.models.open_file)
        self.models.node_wanted.connect(self._load_model)
        self.recovery.unkept.connect(lambda words: self.hub.note_unkept("changes", words, bool(words)))
        self.notices.trouble.connect(lambda words: self.tabs.front.toast.say(words))
        self.hub.trouble.connect(lambda words: self.tabs.front.toast.say(words))

    def retheme(self) -> None:
        """Follow the system from light to dark or back."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, self.settings.theme)
            for tab in self.tabs:
                tab.canvas.retheme()
            self._show_selection(self.tabs.front)
            self.pages.retheme()

    # --- what a person does

    def show_file(self, path: Path, form: bool = False) -> None:
        """Open a workflow file or an image that holds one, in a tab, or the form over it; what is wrong is said."""
        self.documents.show_file(path, lambda: self.forms.show(self.tabs.front, form) if form else None)

    def _open_job(self, request: object) -> None:
        assert isinstance(request, RunRequest)
        self.pages.show_documents()
        self.jobs.open(request)

    def show_start_page(self) -> None:
        """Show the start page in place of the documents."""
        self.pages.show_start_page()

    def _start_with(self, path: Path, run: bool) -> None:
        self.documents.show_file(path, self.run if run else lambda: None)

    def show_tour(self) -> TourCard:
        """Begin the short tour, or begin it again."""
        assert self.panels is not None
        return self.tours.begin(self.panels)

    def next_panel(self, by: int) -> None:
        """Bring the keys from the canvas to the first panel that is seen, from there to the next, and around."""
        assert self.panels is not None
        self.panels.pass_keys(self.start_page or self.canvas.view, by)

    def show_large(self) -> None:
        """Lay the panel with the keys over the whole window, or put it back; the inspector where none has them."""
        assert self.panels is not None
        self.panels.turn_large()

    def _show_imported(self, tab: DocumentTab) -> None:
        """Show an imported document, and what became of it beside the canvas."""
        assert self.panels is not None
        self.tabs.setCurrentWidget(tab)
        self.pages.show_documents()
        self.panels.show_import_report(tab)
        tab.canvas.framing.begin()

    def _load_model(self, node_type: str, param: str, value: str, at: object) -> None:
        """A model becomes a node that loads it, at a point of the window where one was named."""
        self.pages.show_documents()
        self.inserts.add(node_type, at if isinstance(at, QPoint) else None, {param: value})

    def run(self) -> None:
        """Run the workflow as it stands, with what is being typed; on the start page, the chosen one."""
        page = self.start_page
        if page is not None:
            if page.chosen is not None:
                self._start_with(page.chosen, True)
            return
        self.session.run()

    # --- settings

    @property
    def settings_shown(self) -> bool:
        """Return whether the pages of choices are open."""
        return self.findChild(SettingsDialog) is not None

    def leave(self) -> None:
        """Let go of the documents and the engine, which another window takes over; nothing is closed."""
        self.background.settle()
        self.background.close()
        self.recovery.leave()

    # --- events of the window

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_end or not (self.documents.writing or any(tab.session.dirty for tab in self.tabs)):
            self._finish()
        else:
            event.ignore()
            self.documents.leave(list(self.tabs), self._end)

    def _end(self) -> None:
        """Close without another question, once the question of now is over."""
        self._may_end = True
        QTimer.singleShot(0, self, self.close)

    def _finish(self) -> None:
        """Keep what the next start needs, and let everything end."""
        self.hide()  # what follows may take a moment
        self.documents.remember()
        self.placement.keep()
        self.settings.sync()
        self.foreign.close()
        self.background.close()
        self.recovery.finish()
        self.hub.close()
        self.models.downloads.close()
        self.hub.models.close()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.drops.enter(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.drops.drop(event)

    # --- what documents tell

    def _welcome(self, tab: DocumentTab) -> None:
        """A tab is there: its history, its canvas and what is selected in it are the window's too."""
        self.undos.addStack(tab.session.stack)
        self.actions_.attach(tab.canvas.view)
        self.grey.watch_canvas(tab.canvas.view)
        tab.canvas.scope.moved.connect(self.grey.refresh)
        tab.renamed.connect(self._show_title)
        tab.gestures.unknown_pasted.connect(lambda: self.inserts.paste(tab))
        tab.session.run_changed.connect(self._show_run)
        tab.session.worth_a_look.connect(lambda node: self._inspect(tab, node))
        tab.session.opened.connect(lambda: self._show_selection(tab))
        tab.session.opened.connect(lambda: self.forms.greet(tab, self.actions_.entries["view.form"].shown_keys))
        tab.turned.connect(lambda: self._make_room(tab))
        tab.canvas.selection.changed.connect(lambda: self._show_selection(tab))
        tab.canvas.view.menu_wanted.connect(lambda at: self._menu(tab).exec(at))

    def _menu(self, tab: DocumentTab) -> QMenu:
        return canvas_menu(tab.gestures, self.actions_, self.grey, self)

    def _show_front(self, tab: DocumentTab) -> None:
        self.undos.setActiveStack(tab.session.stack)
        self.status.watch(tab.session)
        if self.panels is not None:
            self.panels.follow_imports(tab)
        self._make_room(tab)
        tab.setFocus()
        self._show_title()
        self._show_run()

    def _make_room(self, tab: DocumentTab) -> None:
        """A form has the room of the panels that are about the graph."""
        if self.panels is not None and tab is self.tabs.front:
            self.panels.step_aside(not tab.on_canvas or (self.start_page is not None and self.width() < NARROW))
            self.grey.refresh()

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.tabs.front.title}[*] – nodeflow")
        self.setWindowModified(self.session.dirty)

    def _show_run(self) -> None:
        self.grey.refresh()

    def _inspect(self, tab: DocumentTab, node: str) -> None:
        """Open the inspector at a node, or at the subgraph that it stands in."""
        if tab is not self.tabs.front:
            return
        paths = {name: tab.canvas.scope.path_of(name) for name in tab.canvas.nodes}
        found = next((name for name, path in paths.items() if node == path or node.startswith(path + "/")), None)
        if found is not None and self.panels is not None:
            tab.canvas.selection.choose((found,))
            self.panels.show_inspector()

    def _show_selection(self, tab: DocumentTab) -> None:
        if self.panels is not None:
            self.panels.show_selection(tab)
            self.grey.refresh()
