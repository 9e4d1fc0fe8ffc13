"""The main window: tool bar, canvas, preview and help, and what happens to files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
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

from nodeflow.app.actions import Actions
from nodeflow.app.canvas.canvas import Canvas
from nodeflow.app.canvas.gestures import Gestures
from nodeflow.app.help import NodeHelp
from nodeflow.app.preview import Preview
from nodeflow.app.problems import Problems
from nodeflow.app.session import Session
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
        self.actions_ = Actions(
            self,
            session,
            self.gestures,
            {"new": self.new, "open": self.open, "save": self.save, "save_as": self.save_as, "quit": self.close},
        )
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
        whole.setSizes([1180, 420])
        whole.setHandleWidth(1)
        self.setCentralWidget(whole)
        self.setStatusBar(Status(self.session))
        self.canvas.view.setFocus()

    def _tool_bar(self) -> QToolBar:
        bar = QToolBar(self.tr("Tools"))
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        a = self.actions_
        bar.addActions([a.new, a.open, a.save, a.save_as])
        bar.addSeparator()
        bar.addActions([self._named(a.undo), self._named(a.redo)])
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(gap)
        bar.addActions([a.cancel, a.run])
        button = bar.widgetForAction(a.run)
        if isinstance(button, QToolButton):
            button.setObjectName("run")
        return bar
