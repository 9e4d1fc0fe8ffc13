"""What other programs made, opened as documents: their workflows, and images that hold settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from nodeflow.app.dialogs.file_conflict import completed
from nodeflow.app.i18n.sentences import said
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.qt.background import Background
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.tabs import Tabs
from nodeflow.exchange.client import SUFFIXES, ExportAnswer, ForeignFiles, Format, ImportAnswer
from nodeflow.graph.io import files
from nodeflow.graph.io.import_report import Form, ImportReport
from nodeflow.graph.model.workflow import Workflow

Otherwise = Callable[[str], object]
"""Called with why a file cannot be opened; with nothing where it holds nothing that is known."""
MAX_TOLD = 8
"""Sentences that a box shows at once."""
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
        self._files = ForeignFiles()

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
        if found is None:
            otherwise("")
            return
        paths = [Path(url.toLocalFile()) for url in found.urls() if url.isLocalFile()]
        for path in paths:
            self.file_wanted.emit(path)
        if not paths:
            name = self.tr("Clipboard")

            def show(session: DocumentSession, workflow: Workflow, report: ImportReport) -> None:
                session.show_imported(workflow, report, None, name)

            self._ask(_held_by(found), "prompt", show, otherwise)

    def export(self, tab: DocumentTab) -> None:
        """Ask for a file and a form, say what has no counterpart there, and write the rest."""
        tab.session.take_typed.emit()
        session = tab.session
        kinds: dict[str, Format] = {
            self.tr("ComfyUI workflow (*.json)"): "comfyui",
            self.tr("ComfyUI workflow for its API (*.json)"): "comfyui-api",
            self.tr("Python script over diffusers (*.py)"): "python",
            self.tr("Settings as text (*.txt)"): "parameters",
        }
        here = session.base if session.source else Path.home()
        start = str(here / f"{session.name or 'workflow'}-export")
        name, kind = QFileDialog.getSaveFileName(self._window, self.tr("Export"), start, ";;".join(kinds))
        if not name:
            return
        format = kinds.get(kind, "comfyui")
        path = completed(self._window, Path(name), SUFFIXES[format])
        if path is None:
            return
        workflow, base = session.workflow.copy(), session.base
        self._background.run(
            lambda: self._files.write(files.dumps(workflow), format, base),
            lambda written: self._judge(written, path),
            owner=session,
        )

    def _judge(self, written: ExportAnswer, path: Path) -> None:
        """Write what there is, once the person knows what is not in it."""
        if not written.data:
            QMessageBox.warning(self._window, self.tr("Export"), said(written.error))
            return
        if not written.told:
            self._write(written, path)
            return
        box = QMessageBox(self._window)
        box.setObjectName("export_losses")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Information)
        box.setWindowTitle(self.tr("Export"))
        box.setText(self.tr("{0} things are not the same there.").format(len(written.told)))
        told = [said(one) for one in written.told]
        shown = told[:MAX_TOLD]
        box.setInformativeText("\n".join(shown) + ("\n…" if len(told) > len(shown) else ""))
        if len(told) > len(shown):
            box.setDetailedText("\n".join(told))
        write = box.addButton(self.tr("Write the Rest"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.buttonClicked.connect(lambda button: self._write(written, path) if button is write else None)
        box.open()

    def _write(self, written: ExportAnswer, path: Path) -> None:
        def failed(error: Exception) -> None:
            words = self.tr("Cannot write {0}: {1}").format(path, getattr(error, "strerror", None) or error)
            QMessageBox.warning(self._window, self.tr("Export"), words)

        def done(_: None) -> None:
            self._tabs.front.session.notice.emit(self.tr("{0} is written.").format(path.name))

        self._background.run(lambda: files.write_atomic(path, written.data), done, failed, owner=self)

    def close(self) -> None:
        """End what is still being read."""
        self._files.close()

    def _ask(
        self, source: Path | bytes, take: Form, show: Show, otherwise: Otherwise, into: DocumentSession | None = None
    ) -> None:
        def taken(made: tuple[ImportAnswer, Workflow | None]) -> None:
            answer, workflow = made
            if workflow is None or answer.report is None:
                otherwise(said(answer.error))
                return
            session = into or self._tabs.free().session
            show(session, workflow, answer.report)
            tab = next(tab for tab in self._tabs if tab.session is session)
            self.shown.emit(tab)
            if answer.report.apart and into is None:
                self._offer_other(tab, answer.report, partial(self._ask, source, "workflow", show, otherwise, session))

        self._background.run(partial(self._read, source, take), taken, owner=into or self)

    def _read(self, source: Path | bytes, take: Form) -> tuple[ImportAnswer, Workflow | None]:
        answer = self._files.ask(source, take)
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
