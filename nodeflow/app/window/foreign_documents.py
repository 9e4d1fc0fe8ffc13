"""What other programs made, opened as documents: their workflows, and images that hold settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.qt.background import Background
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.tabs import Tabs
from nodeflow.graph.io import files
from nodeflow.graph.io.import_report import Form, ImportReport
from nodeflow.graph.model.workflow import Workflow
from nodeflow.importing.client import Answer, Importer

Otherwise = Callable[[str], object]
"""Called with why a file cannot be opened; with nothing where it holds nothing that is known."""
IMAGE_FORMATS = ("image/png", "image/webp", "image/jpeg", "image/avif")


class ForeignDocuments(QObject):
    """Asks for files in processes of their own, and shows what comes of them.

    ``shown``: a document is to be seen. ``file_wanted``: the clipboard names a file.
    """

    shown = Signal(DocumentTab)
    file_wanted = Signal(Path)

    def __init__(self, window: QWidget, tabs: Tabs, background: Background) -> None:
        super().__init__(window)
        self._window, self._tabs, self._background = window, tabs, background
        self._importer = Importer()

    def open(self, path: Path, otherwise: Otherwise, then: Callable[[], object] = lambda: None) -> None:
        """Open a file in a tab, then go on."""

        def show(session: DocumentSession, workflow: Workflow, report: ImportReport) -> None:
            session.show_imported(workflow, report, path)
            then()

        self._ask(path, "prompt", show, otherwise)

    def again(self, session: DocumentSession, otherwise: Otherwise) -> None:
        """Read a document's own source again, in its place."""
        source, report = session.source, session.report
        if source is not None and report is not None:

            def show(_: DocumentSession, workflow: Workflow, report: ImportReport) -> None:
                session.show_imported(workflow, report, source)

            self._ask(source, report.took, show, otherwise, session)

    def paste(self, otherwise: Otherwise) -> None:
        """Open what the clipboard holds: files, an image as its program wrote it, or text."""
        found = QGuiApplication.clipboard().mimeData()
        paths = [Path(url.toLocalFile()) for url in found.urls() if url.isLocalFile()]
        for path in paths:
            self.file_wanted.emit(path)
        if not paths:
            name = self.tr("Clipboard")

            def show(session: DocumentSession, workflow: Workflow, report: ImportReport) -> None:
                session.show_imported(workflow, report, None, name)

            self._ask(_held_by(found), "prompt", show, otherwise)

    def close(self) -> None:
        """End what is still being read."""
        self._importer.close()

    def _ask(
        self, source: Path | bytes, take: Form, show: Show, otherwise: Otherwise, into: DocumentSession | None = None
    ) -> None:
        def taken(made: tuple[Answer, Workflow | None]) -> None:
            answer, workflow = made
            if workflow is None or answer.report is None:
                otherwise(answer.error)
                return
            session = into or self._tabs.free().session
            show(session, workflow, answer.report)
            tab = next(tab for tab in self._tabs if tab.session is session)
            self.shown.emit(tab)
            if answer.report.apart and into is None:
                self._offer_other(tab, answer.report, partial(self._ask, source, "workflow", show, otherwise, session))

        self._background.run(partial(self._read, source, take), taken, owner=into or self)

    def _read(self, source: Path | bytes, take: Form) -> tuple[Answer, Workflow | None]:
        answer = self._importer.ask(source, take)
        return answer, files.loads(answer.workflow) if answer.workflow else None

    def _offer_other(self, tab: DocumentTab, report: ImportReport, take_other: Callable[[], object]) -> None:
        """Let the person choose where an image holds two workflows that disagree."""
        box = QMessageBox(self._window)
        box.setObjectName("two_workflows")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Two workflows"))
        box.setText(self.tr("This image holds two workflows that disagree at {0} nodes.").format(len(report.apart)))
        box.setInformativeText(
            self.tr("The one that made the image is open. The other is what its author had on the screen.")
        )
        box.addButton(self.tr("Keep What Made It"), QMessageBox.ButtonRole.AcceptRole)
        other = box.addButton(self.tr("Open the Other"), QMessageBox.ButtonRole.RejectRole)
        box.buttonClicked.connect(lambda button: take_other() if button is other and not tab.session.dirty else None)
        box.open()


Show = Callable[[DocumentSession, Workflow, ImportReport], object]


def _held_by(found: QMimeData) -> bytes:
    """What the clipboard holds, as its program gave it."""
    kind = next((kind for kind in IMAGE_FORMATS if found.hasFormat(kind)), "")
    return bytes(found.data(kind).data()) if kind and not found.hasText() else found.text().encode()
