"""What happens to files: open, save, revert, and the one question about changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from nodeflow.app.i18n.texts import sentences
from nodeflow.app.model.document_session import DocumentSession, read
from nodeflow.app.model.recent_files import RecentFiles
from nodeflow.app.model.settings import Settings
from nodeflow.app.qt.background import Background
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.tabs import Tabs
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import WorkflowError


class Documents(QObject):
    """The files of a window's tabs. ``shown``: a document is to be seen."""

    shown = Signal()

    def __init__(
        self, window: QWidget, tabs: Tabs, settings: Settings, recent: RecentFiles, background: Background
    ) -> None:
        super().__init__(window)
        self._window, self._tabs, self._settings = window, tabs, settings
        self._recent, self._background = recent, background

    # --- open

    def new(self) -> None:
        """An empty workflow in a tab."""
        if not self._tabs.front.session.pristine:
            self._tabs.add()
        self.shown.emit()

    def open(self) -> None:
        """Ask for files and open each in a tab."""
        kinds = self.tr("Workflows and pictures with one (*.json *.png);;All files (*)")
        here = str(self._tabs.front.session.base)
        for name in QFileDialog.getOpenFileNames(self._window, self.tr("Open"), here, kinds)[0]:
            self.show_file(Path(name))

    def show_file(self, path: Path) -> bool:
        """Open a workflow file or a picture that holds one, in a tab; what is wrong with it is said."""
        path = path.absolute()
        for tab in self._tabs:
            session = tab.session
            if session.path == path or (session.source == path and not session.dirty):
                self._tabs.setCurrentWidget(tab)
                self.shown.emit()
                return True
        try:
            workflow = self._background.wait(lambda: read(path))
        except WorkflowError as error:
            words = self.tr("{0} cannot be opened.").format(path.name)
            QMessageBox.warning(self._window, self.tr("Open"), words + "\n\n" + sentences(error))
            return False
        self._tabs.free().session.show_workflow(workflow, path)
        self._recent.note(path)
        self.shown.emit()
        return True

    def revert(self) -> None:
        """Take back everything since the front document was read from its file."""
        session = self._tabs.front.session
        source = session.source
        if source is None:
            return
        words = self.tr("Take back all changes since {0} was saved?").format(source.name)
        button = QMessageBox.StandardButton
        if session.dirty and QMessageBox.question(self._window, self.tr("Revert"), words) != button.Yes:
            return
        try:
            session.show_workflow(self._background.wait(lambda: read(source)), source)
        except WorkflowError as error:
            QMessageBox.warning(self._window, self.tr("Revert"), sentences(error))

    # --- save

    def save(self, tab: DocumentTab | None = None) -> bool:
        """Save to the document's file; ask for one where it has none. False where it is not saved."""
        tab = tab or self._tabs.front
        tab.canvas.view.rows.finish()
        return self.save_as(tab) if tab.session.path is None else self._write(tab.session, tab.session.path)

    def save_as(self, tab: DocumentTab | None = None) -> bool:
        """Ask for a file and save to it."""
        tab = tab or self._tabs.front
        tab.canvas.view.rows.finish()
        session = tab.session
        here = session.base if session.path else Path.home()
        start = str(here / f"{session.name or 'workflow'}.json")
        name = QFileDialog.getSaveFileName(self._window, self.tr("Save As"), start, self.tr("Workflows (*.json)"))[0]
        if not name:
            return False
        path = Path(name).absolute()
        return self._write(session, path if path.suffix else path.with_suffix(".json"))

    def _write(self, session: DocumentSession, path: Path) -> bool:
        """Give the document as it stands now to a file; edits that come meanwhile are changes again."""
        before, workflow = session.path, session.workflow.copy()
        session.saved(path)
        try:
            self._background.wait(lambda: files.save(workflow, path))
        except OSError as error:
            session.lost(before)
            words = self.tr("Cannot write {0}: {1}").format(path, error.strerror or error)
            QMessageBox.warning(self._window, self.tr("Save"), words)
            return False
        self._recent.note(path)
        return True

    # --- leave

    def may_leave(self, tabs: Sequence[DocumentTab]) -> bool:
        """Whether these may be closed: they are saved, or the person says, once for all, what to do with changes."""
        for tab in tabs:
            tab.canvas.view.rows.finish()
        changed = [tab for tab in tabs if tab.session.dirty]
        if not changed:
            return True
        button = QMessageBox.StandardButton
        save = button.Save if len(changed) == 1 else button.SaveAll
        if len(changed) == 1:
            words = self.tr("{0} has changes that are not saved.").format(changed[0].title)
        else:
            names = "\n".join(f"  {tab.title}" for tab in changed)
            words = self.tr("{0} workflows have changes that are not saved:").format(len(changed)) + "\n" + names
        answer = QMessageBox.question(
            self._window, self.tr("Save changes?"), words, save | button.Discard | button.Cancel, save
        )
        return answer == button.Discard or (answer == save and all(self.save(tab) for tab in changed))

    def close(self, tab: DocumentTab) -> None:
        """Close a tab, if it may be."""
        if self.may_leave([tab]):
            self._tabs.drop(tab)

    # --- from one start to the next

    def remember(self) -> None:
        """Keep which files are open, for the next start."""
        sources = [tab.session.source for tab in self._tabs]
        self._settings.tabs = [str(source.absolute()) for source in sources if source is not None]
        front = self._tabs.front.session.source
        self._settings.current_tab = [s for s in sources if s is not None].index(front) if front is not None else 0

    @property
    def remembered(self) -> list[str]:
        """The files that were open at the last end, where they are to be opened again."""
        return self._settings.tabs if self._settings.restore_tabs else []

    def restore(self) -> bool:
        """Open what was open at the last end, as far as it is still there; False where nothing is."""
        opened: list[DocumentTab] = []
        for name in self.remembered:
            try:
                workflow = self._background.wait(partial(read, Path(name)))
            except WorkflowError:
                continue
            tab = self._tabs.free()
            tab.session.show_workflow(workflow, Path(name))
            opened.append(tab)
        if opened:
            self._tabs.setCurrentWidget(opened[min(self._settings.current_tab, len(opened) - 1)])
        return bool(opened)
