"""One document in the window: its session, its canvas or its form, and what stands in the way of a run below it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from nodeflow.app.canvas.controller.canvas_controller import Canvas
from nodeflow.app.canvas.controller.node_commands import NodeCommands
from nodeflow.app.canvas.view.toast import Toast
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.run_history import RunHistory
from nodeflow.app.panels.problems import Problems


class DocumentTab(QWidget):
    """``renamed``: its name or its mark of changes is another. ``turned``: its canvas or its form is shown now."""

    renamed = Signal()
    turned = Signal()

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
        self.pages = QStackedWidget()
        self.pages.addWidget(self.canvas.view)
        self._page_toasts: dict[QWidget, Toast] = {}
        column.addWidget(self.pages, 1)
        column.addWidget(self.problems)
        self.setFocusProxy(self.canvas.view)
        self.problems.wanted.connect(self._show_node)
        session.trouble.connect(lambda words: self.toast.say(words))
        session.notice.connect(lambda words: self.toast.tell(words))
        session.file_changed.connect(self.renamed)
        session.stack.cleanChanged.connect(self.renamed)

    @property
    def title(self) -> str:
        """The name of its document as it is shown."""
        return self.session.title

    @property
    def toast(self) -> Toast:
        """What says a sentence over the page that is seen."""
        return self._page_toasts.get(self.pages.currentWidget(), self.canvas.view.toast)

    def add_page(self, page: QWidget) -> None:
        """Take a page that may stand in place of the canvas."""
        self.pages.addWidget(page)
        self._page_toasts[page] = Toast(page)

    def show_page(self, page: QWidget | None) -> None:
        """Show a page that was added, or the canvas for none."""
        page = page or self.canvas.view
        self.pages.setCurrentWidget(page)
        self.setFocusProxy(page)
        page.setFocus()
        self.turned.emit()

    @property
    def on_canvas(self) -> bool:
        """Return whether the canvas is shown."""
        return self.pages.currentWidget() is self.canvas.view

    def _show_node(self, node: str) -> None:
        if not self.on_canvas:
            self.show_page(None)
        self.canvas.show_node(node)
