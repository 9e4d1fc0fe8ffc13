"""Opening, saving and reverting of files, and the one question about changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from nodeflow.app.dialogs.file_conflict import FileConflict, beside, completed
from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import sentences
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.file_stamp import same_file
from nodeflow.app.model.recent_files import RecentFiles
from nodeflow.app.model.settings import Settings
from nodeflow.app.qt.background import Background
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.file_drops import MODELS
from nodeflow.app.window.foreign_documents import ForeignDocuments
from nodeflow.app.window.tabs import Tabs
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import Workflow, WorkflowError


def _nothing() -> None:
    """Go on with nothing."""


def told(error: Exception) -> str:
    """Say what is wrong with a file, in sentences."""
    return sentences(error) if isinstance(error, WorkflowError) else said(str(error))


class Documents(QObject):
    """The files of a window's tabs. ``shown``: a document is to be seen. ``model_opened``: a file that is no workflow
    but a model, or may be one."""

    shown = Signal()
    model_opened = Signal(Path)

    def __init__(
        self,
        window: QWidget,
        tabs: Tabs,
        settings: Settings,
        recent: RecentFiles,
        background: Background,
        foreign: ForeignDocuments,
    ) -> None:
        super().__init__(window)
        self._foreign = foreign
        self._window, self._tabs, self._settings = window, tabs, settings
        self._recent, self._background = recent, background
        self.writing = 0
        """Files that are being written: nothing is left before it is known that they are."""
        self._once_written: list[Callable[[], object]] = []

    # --- open

    def new(self) -> None:
        """An empty workflow in a tab."""
        if not self._tabs.front.session.pristine:
            self._tabs.add()
        self.shown.emit()

    def open(self) -> None:
        """Ask for files and open each in a tab."""
        kinds = self.tr("Workflows, and images that hold one (*.json *.png *.webp *.jpg *.jpeg *.avif);;All files (*)")
        here = str(self._tabs.front.session.base)
        for name in QFileDialog.getOpenFileNames(self._window, self.tr("Open"), here, kinds)[0]:
            self.show_file(Path(name))

    def show_file(self, path: Path, then: Callable[[], object] = _nothing) -> None:
        """Open a workflow file or an image that holds one, in a tab, ``then`` go on; what is wrong with it is said.

        What is none of ours may be another program's.
        """
        path = path.absolute()
        if path.suffix.lower() in MODELS and path.is_file():
            self.model_opened.emit(path)
            return
        for tab in self._tabs:
            session = tab.session
            if same_file(session.path, path) or (same_file(session.source, path) and not session.dirty):
                self._tabs.setCurrentWidget(tab)
                self.shown.emit()
                then()
                return

        def show(workflow: Workflow) -> None:
            self._tabs.free().session.show_workflow(workflow, path)
            self._recent.note(path)
            self.shown.emit()
            then()

        def imported() -> None:
            self._recent.note(path)
            then()

        def refuse(error: Exception) -> None:
            self._foreign.open(path, lambda reason: self._refuse(path, reason or told(error)), imported)

        self._background.run(lambda: files.load(path), show, refuse, owner=self)

    def open_clipboard(self) -> None:
        """Open what the clipboard holds, in a tab."""
        nothing = self.tr("The clipboard holds no workflow and no image with one.")
        self._foreign.paste(
            lambda reason: QMessageBox.warning(self._window, self.tr("Open from Clipboard"), reason or nothing)
        )

    def _refuse(self, path: Path, reason: str) -> None:
        words = self.tr("{0} cannot be opened.").format(path.name)
        QMessageBox.warning(self._window, self.tr("Open"), words + "\n\n" + reason)

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
        if session.report is not None:
            self._foreign.again(session, lambda reason: self._refuse(source, reason))
            return
        self._background.run(
            lambda: files.load(source),
            lambda workflow: session.show_workflow(workflow, source),
            lambda error: QMessageBox.warning(self._window, self.tr("Revert"), told(error)),
            owner=session,
        )

    # --- save

    def save(self, tab: DocumentTab | None = None, then: Callable[[], object] = _nothing) -> None:
        """Save to the document's file, ``then`` go on; ask for one where it has none."""
        tab = tab or self._tabs.front
        tab.session.take_typed.emit()
        if tab.session.path is None:
            self.save_as(tab, then)
        else:
            self._write(tab.session, tab.session.path, then)

    def save_as(self, tab: DocumentTab | None = None, then: Callable[[], object] = _nothing) -> None:
        """Ask for a file and save to it, ``then`` go on."""
        tab = tab or self._tabs.front
        tab.session.take_typed.emit()
        session = tab.session
        here = session.base if session.path else Path.home()
        start = str(here / f"{session.name or 'workflow'}.json")
        name = QFileDialog.getSaveFileName(self._window, self.tr("Save As"), start, self.tr("Workflows (*.json)"))[0]
        if not name:
            return
        path = completed(self._window, Path(name).absolute(), ".json")
        if path is not None and any(same_file(other.session.path, path) for other in self._tabs if other is not tab):
            words = self.tr("{0} is open in another tab. Choose another name, or close that tab first.")
            QMessageBox.warning(self._window, self.tr("Save As"), words.format(path.name))
        elif path is not None:
            self._write(session, path, then)

    def _write(self, session: DocumentSession, path: Path, then: Callable[[], object]) -> None:
        """Save to a file; where another program changed it meanwhile, ask before."""

        def decide(theirs: bytes | None) -> None:
            if theirs is None:
                self._give(session, path, then)
            else:
                self._ask(session, path, theirs, then)

        self.writing += 1
        self._background.run(lambda: _changed_outside(session, path), decide, lambda _: decide(None), owner=self)

    def _ask(self, session: DocumentSession, path: Path, theirs: bytes, then: Callable[[], object]) -> None:
        """Do what the person chooses with a file that another program changed."""

        def act(choice: str) -> None:
            if choice in ("both", "overwrite"):
                self._give(session, beside(path) if choice == "both" else path, then)
                return
            self._end_writing()
            if choice == "reload":
                self._reload(session, path)

        question = FileConflict(self._window, path, files.dumps(session.workflow), theirs)
        question.chosen.connect(act)
        question.show()

    def _reload(self, session: DocumentSession, path: Path) -> None:
        """Take what the file holds, in place of what was to be saved."""
        self._background.run(
            lambda: files.load(path),
            lambda workflow: session.show_workflow(workflow, path),
            lambda error: QMessageBox.warning(self._window, self.tr("Save"), told(error)),
            owner=session,
        )

    def _give(self, session: DocumentSession, path: Path, then: Callable[[], object]) -> None:
        """Give the document as it stands now to a file; edits that come meanwhile are changes again."""
        before, workflow = session.path, session.workflow.copy()
        session.saved(path)

        def written(_: None) -> None:
            session.written(path)
            self._recent.note(path)
            self._end_writing()
            then()

        def refuse(error: Exception) -> None:
            session.lost(before)
            self._end_writing()
            words = self.tr("Cannot write {0}: {1}").format(path, getattr(error, "strerror", None) or error)
            QMessageBox.warning(self._window, self.tr("Save"), words)

        self._background.run(lambda: files.save(workflow, path), written, refuse, owner=self)

    def _end_writing(self) -> None:
        self.writing -= 1
        if not self.writing:
            waiting, self._once_written = self._once_written, []
            for act in waiting:
                act()

    # --- leave

    def leave(self, tabs: Sequence[DocumentTab], then: Callable[[], object]) -> None:
        """Go on once these may be closed: they are saved, or the person says, once for all, what to do with changes."""
        for tab in tabs:
            tab.session.take_typed.emit()
        if self.writing:
            self._once_written.append(lambda: self.leave(tabs, then))
            return
        changed = [tab for tab in tabs if tab.session.dirty]
        if not changed:
            then()
            return
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
        if answer == button.Discard:
            then()
        elif answer == save:
            self._save_all(changed, then)

    def _save_all(self, tabs: Sequence[DocumentTab], then: Callable[[], object]) -> None:
        """Save one after the other; what cannot be saved ends it."""
        if tabs:
            self.save(tabs[0], lambda: self._save_all(tabs[1:], then))
        else:
            then()

    def close(self, tab: DocumentTab) -> None:
        """Close a tab, if it may be."""
        self.leave([tab], lambda: self._tabs.drop(tab))

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

    def restore(self, otherwise: Callable[[], object]) -> None:
        """Open what was open at the last end, as far as it is still there; where nothing is, do something else."""
        names = self.remembered

        def found() -> tuple[list[tuple[Path, Workflow]], list[Path]]:
            there, others = [], []
            for path in map(Path, names):
                try:
                    there.append((path, files.load(path)))
                except WorkflowError:
                    others += [path] if path.is_file() else []
            return there, others

        def show(names: tuple[list[tuple[Path, Workflow]], list[Path]]) -> None:
            there, others = names
            opened: list[DocumentTab] = []
            for path, workflow in there:
                tab = self._tabs.free()
                tab.session.show_workflow(workflow, path)
                opened.append(tab)
            if opened:
                self._tabs.setCurrentWidget(opened[min(self._settings.current_tab, len(opened) - 1)])
            for path in others:
                self._foreign.open(path, lambda _: None if opened else otherwise())
            if not opened and not others:
                otherwise()

        self._background.run(found, show, owner=self)


def _changed_outside(session: DocumentSession, path: Path) -> bytes | None:
    """Return what a file holds where another program changed it since it was read or written here, else None."""
    return path.read_bytes() if session.changed_outside(path) else None
