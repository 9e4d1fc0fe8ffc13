"""The course: a page at a time, with its workflow to open and its task, which is looked at by itself after each run."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from nodeflow.app.model.course import CoursePage, course_pages, page_body, page_title
from nodeflow.app.model.course_judge import CourseJudge
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.settings import Settings
from nodeflow.app.panels.lessons import lesson_html
from nodeflow.app.panels.node_help import Page, words_html
from nodeflow.app.qt import theme
from nodeflow.app.qt.upright_scroll import UprightScroll

DONE = "✓ "
LEAST = 100
"""Pixels of height in which a page can be read, at the least."""


class CoursePanel(QWidget):
    """Shows the pages of the course, and keeps which of them are done.

    ``workflow_wanted``: the workflow of a page is to be opened.
    """

    workflow_wanted = Signal(Path)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._session: DocumentSession | None = None
        self._judge: CourseJudge | None = None
        self._running = False
        self.pages = QComboBox()
        self.pages.setAccessibleName(self.tr("Pages of the course"))
        self.back, self.next = QPushButton("‹"), QPushButton("›")
        self.back.setAccessibleName(self.tr("Page before"))
        self.next.setAccessibleName(self.tr("Next page"))
        for button in (self.back, self.next):
            button.setFixedWidth(34)
        self.text = Page()
        self.text.setAccessibleName(self.tr("Text of the page"))
        self.text.setMinimumHeight(80)
        self.task = QLabel()
        self.task.setWordWrap(True)
        self.task.setTextFormat(Qt.TextFormat.MarkdownText)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.open = QPushButton(self.tr("Open its workflow"))
        self.progress = QLabel()
        self.progress.setObjectName("dim")
        foot = QHBoxLayout()
        for widget in (self.back, self.next, self.open):
            foot.addWidget(widget, int(widget is self.open))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addWidget(self.pages)
        page = QWidget()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.text, 1)
        inner.addWidget(self.task)
        inner.addWidget(self.verdict)
        inner.addWidget(self.progress)
        layout.addWidget(UprightScroll(page, LEAST), 1)
        layout.addLayout(foot)
        self._fill()
        self.pages.currentIndexChanged.connect(self._show)
        self.back.clicked.connect(lambda: self._turn(-1))
        self.next.clicked.connect(lambda: self._turn(1))
        self.open.clicked.connect(lambda: self.workflow_wanted.emit(self.page.path))
        self.text.anchorClicked.connect(QDesktopServices.openUrl)
        self._show()

    @property
    def page(self) -> CoursePage:
        """The page that is shown."""
        return course_pages()[self.pages.currentIndex()]

    @property
    def done(self) -> list[str]:
        """The names of the pages whose task was reached."""
        return self._settings.course_done

    def watch(self, session: DocumentSession) -> None:
        """Look at the runs of this document from now on."""
        if self._session is session:
            return
        if self._session is not None:
            self._session.run_changed.disconnect(self._run_changed)
        self._session, self._judge, self._running = session, CourseJudge(session, self), False
        session.run_changed.connect(self._run_changed)

    def _fill(self) -> None:
        names = [page.name for page in course_pages()]
        first = next((at for at, name in enumerate(names) if name not in self.done), 0)
        for number, name in enumerate(names, 1):
            self.pages.addItem(f"{DONE if name in self.done else ''}{number} · {page_title(name)}")
        self.pages.setCurrentIndex(first)

    def _turn(self, by: int) -> None:
        self.pages.setCurrentIndex(min(max(self.pages.currentIndex() + by, 0), self.pages.count() - 1))

    def _show(self) -> None:
        told, task = page_body(self.page.name)
        place = self.pages.currentIndex()
        self.back.setEnabled(place > 0)
        self.next.setEnabled(place < self.pages.count() - 1)
        self.text.formulas.clear()
        title = f"<p style='font-size:15px; font-weight:600'>{escape(page_title(self.page.name))}</p>"
        self.text.setHtml(title + lesson_html(told, words_html, self.text.formula))
        self.task.setText(f"**{self.tr('Try it')}.** {task}")
        self._say(self.page.name in self.done, "")

    def _say(self, reached: bool, words: str) -> None:
        self.verdict.setText(self.tr("Reached.") if reached else words)
        colour = theme.current().good if reached else theme.current().dim
        self.verdict.setStyleSheet(f"color: {colour}")
        self.verdict.setVisible(bool(self.verdict.text()))
        self.progress.setText(self.tr("{0} of {1} done").format(len(self.done), self.pages.count()))

    def _run_changed(self) -> None:
        """Look at the page's task once a run is over."""
        session = self._session
        assert session is not None
        over = self._running and not session.running
        self._running = session.running
        if over and session.states.outcome == "done" and self._is_of_page(session) and self._judge is not None:
            page = self.page
            self._judge.judge(page, lambda met: self._judged(page, met))

    def _is_of_page(self, session: DocumentSession) -> bool:
        """Return whether a document has the nodes that the page asks about."""
        return all(check.place[0] in session.workflow.nodes for check in self.page.checks)

    def _judged(self, page: CoursePage, met: list[bool]) -> None:
        if all(met) and page.name not in self.done:
            self._settings.course_done = [*self.done, page.name]
            place = next(at for at, other in enumerate(course_pages()) if other.name == page.name)
            self.pages.setItemText(place, DONE + self.pages.itemText(place))
        if page is self.page:
            count = sum(met)
            self._say(page.name in self.done, self.tr("Not yet: {0} of {1} conditions hold.").format(count, len(met)))
