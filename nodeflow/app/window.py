"""The main window: tool bar, canvas, preview and help, and what happens to files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QUndoGroup
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMessageBox,
    QSizePolicy,
    QSplitter,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app import canvas_actions, theme, window_actions
from nodeflow.app.actions import Actions
from nodeflow.app.canvas.canvas import Canvas
from nodeflow.app.canvas.gestures import Gestures
from nodeflow.app.cheatsheet import CheatSheet
from nodeflow.app.help import NodeHelp
from nodeflow.app.palette import Palette
from nodeflow.app.preview import Preview
from nodeflow.app.problems import Problems
from nodeflow.app.session import Session
from nodeflow.app.settings import Settings
from nodeflow.app.status import Status
from nodeflow.app.words import sentences
from nodeflow.graph.workflow import WorkflowError


class MainWindow(QMainWindow):
    """One workflow: the canvas in the middle, what came of it at the right."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.canvas = Canvas(session, self)
        self.gestures = Gestures(self.canvas)
        self.preview = Preview(session)
        self.help = NodeHelp(session)
        self.problems = Problems(session)
        self.settings = Settings(self)
        self.undos = QUndoGroup(self)
        self.undos.addStack(session.stack)
        self.undos.setActiveStack(session.stack)
        self.actions_ = Actions(self, self.settings)
        window_actions.define(self.actions_, self)
        canvas_actions.define(self.actions_, lambda: self.gestures)
        self.actions_.attach(self.canvas.view)
        self.palette_ = Palette(self, self.actions_)
        self.resize(1600, 950)
        self.setAcceptDrops(True)
        self._lay_out()
        self.canvas.selection_changed.connect(self._show_selection)
        self.canvas.view.menu_wanted.connect(self._show_menu)
        self.problems.wanted.connect(self.canvas.show_node)
        session.opened.connect(lambda: self.help.show_node(""))
        session.file_changed.connect(self._show_title)
        session.stack.cleanChanged.connect(self._show_title)
        session.run_changed.connect(self._show_run)
        session.trouble.connect(self.canvas.view.toast.say)
        self._show_title()
        self._show_run()

    # --- what stands where

    def _lay_out(self) -> None:
        self.actions_.fill_menu_bar(self.menuBar())
        self.addToolBar(self._tool_bar())
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.canvas.view, 1)
        column.addWidget(self.problems)
        side = QSplitter(Qt.Orientation.Vertical)
        for panel in (self.preview, self.help):
            panel.setObjectName("panel")
            panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            side.addWidget(panel)
        side.setSizes([500, 340])
        side.setHandleWidth(1)
        whole = QSplitter(Qt.Orientation.Horizontal)
        whole.addWidget(middle)
        whole.addWidget(side)
        whole.setStretchFactor(0, 1)
        whole.setSizes([1210, 390])
        whole.setHandleWidth(1)
        self.setCentralWidget(whole)
        self.setStatusBar(Status(self.session))
        self.canvas.view.setFocus()

    def _tool_bar(self) -> QToolBar:
        bar = QToolBar(self.tr("Tools"))
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        a = self.actions_
        bar.addActions([a["file.new"], a["file.open"], a["file.save"], a["file.save_as"]])
        bar.addSeparator()
        bar.addActions(window_actions.undo_buttons(self))
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(gap)
        bar.addActions([a["run.cancel"], a["run.run"]])
        button = bar.widgetForAction(a["run.run"])
        if isinstance(button, QToolButton):
            button.setObjectName("run")
        return bar

    def retheme(self) -> None:
        """Follow the system from light to dark or back."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app)
            self.canvas.retheme()
            self._show_selection()

    # --- files

    def show_file(self, path: Path) -> bool:
        """Open a workflow file or a picture that holds one; what is wrong with it is said, and the old one stays."""
        try:
            self.session.open(path)
        except WorkflowError as error:
            words = self.tr("{0} cannot be opened.").format(path.name)
            QMessageBox.warning(self, self.tr("Open"), words + "\n\n" + sentences(error))
            return False
        return True

    def new(self) -> None:
        """Start with an empty canvas."""
        if self.may_leave():
            self.session.new()

    def open(self) -> None:
        """Ask for a file and open it."""
        if not self.may_leave():
            return
        kinds = self.tr("Workflows and pictures with one (*.json *.png);;All files (*)")
        name = QFileDialog.getOpenFileName(self, self.tr("Open"), str(self.session.base), kinds)[0]
        if name:
            self.show_file(Path(name))

    def save(self) -> bool:
        """Save to the workflow's file; ask for one where it has none. False where it is not saved."""
        self.canvas.view.finish_editor()
        return self.save_as() if self.session.path is None else self._write(self.session.path)

    def save_as(self) -> bool:
        """Ask for a file and save to it."""
        self.canvas.view.finish_editor()
        here = self.session.base if self.session.path else Path.home()
        start = str(here / f"{self.session.name or 'workflow'}.json")
        name = QFileDialog.getSaveFileName(self, self.tr("Save As"), start, self.tr("Workflows (*.json)"))[0]
        if not name:
            return False
        path = Path(name)
        return self._write(path if path.suffix else path.with_suffix(".json"))

    def _write(self, path: Path) -> bool:
        try:
            self.session.save(path)
        except OSError as error:
            words = self.tr("Cannot write {0}: {1}").format(path, error.strerror or error)
            QMessageBox.warning(self, self.tr("Save"), words)
            return False
        return True

    def may_leave(self) -> bool:
        """Whether the workflow may be closed: it is saved, or the person says what to do with the changes."""
        self.canvas.view.finish_editor()
        if not self.session.dirty:
            return True
        button = QMessageBox.StandardButton
        words = self.tr("{0} has changes that are not saved.").format(self.session.name or self.tr("The workflow"))
        answer = QMessageBox.question(
            self, self.tr("Save changes?"), words, button.Save | button.Discard | button.Cancel, button.Save
        )
        return answer == button.Discard or (answer == button.Save and self.save())

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.may_leave():
            self.session.close()
            event.accept()
        else:
            event.ignore()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _file_of(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _file_of(event)
        if path is not None:
            event.acceptProposedAction()
            if self.may_leave():
                self.show_file(path)

    def run(self) -> None:
        """Run the workflow as it stands, with what is being typed."""
        self.canvas.view.finish_editor()
        self.session.run()

    # --- what the session tells

    def _show_title(self) -> None:
        name = self.session.name or self.tr("Untitled")
        self.setWindowTitle(f"{name}[*] – nodeflow")
        self.setWindowModified(self.session.dirty)

    def _show_run(self) -> None:
        running = self.session.running
        self.actions_["run.run"].setEnabled(not running)
        self.actions_["run.cancel"].setEnabled(running)

    def _show_selection(self) -> None:
        chosen: Iterable[str] = self.canvas.chosen()
        name = next(iter(chosen), "")
        self.help.show_node(name)
        if name and name != self.preview.node:
            self.preview.look_at(name)

    def show_cheat_sheet(self) -> None:
        """Show all keys on one page."""
        CheatSheet(self, self.actions_).open()

    def _show_menu(self, at: QPoint) -> None:
        self.actions_.context_menu(self).exec(at)


def _file_of(event: QDropEvent) -> Path | None:
    """The one workflow or picture that is being dropped."""
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return next((path for path in paths if path.suffix.lower() in (".json", ".png")), None)
