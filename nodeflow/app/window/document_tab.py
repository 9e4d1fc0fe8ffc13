"""One document in the window: its session, its canvas, and what stands in the way of a run below it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nodeflow.app.canvas.controller.canvas_controller import Canvas
from nodeflow.app.canvas.controller.node_commands import NodeCommands
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.run_history import RunHistory
from nodeflow.app.panels.problems import Problems


class DocumentTab(QWidget):
    """``renamed``: its name or its mark of changes is another."""

    renamed = Signal()

    def __init__(self, session: DocumentSession) -> None:
        super().__init__()
        self.session = session
        session.setParent(self)
        self.canvas = Canvas(session, self)
        self.gestures = NodeCommands(self.canvas)
        self.history = RunHistory(session)
        self.problems = Problems(session)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.canvas.view, 1)
        column.addWidget(self.problems)
        self.setFocusProxy(self.canvas.view)
        self.problems.wanted.connect(self.canvas.show_node)
        session.trouble.connect(self.canvas.view.toast.say)
        session.notice.connect(self.canvas.view.toast.tell)
        session.file_changed.connect(self.renamed)
        session.stack.cleanChanged.connect(self.renamed)

    @property
    def title(self) -> str:
        """The name of its document as it is shown."""
        return self.session.title
