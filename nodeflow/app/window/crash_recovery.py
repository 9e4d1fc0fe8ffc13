"""Keeps changed documents in the journal while they are worked on, and offers after a crash what was lost."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from nodeflow.app.model import journal
from nodeflow.app.model.journal import Journal, JournalEntry
from nodeflow.app.qt.background import Background
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.tabs import Tabs
from nodeflow.damaged_files import reason
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import Workflow, WorkflowError

PAUSE = 1000
"""Milliseconds after the last change until it is written."""


class Recovery(QObject):
    """Watches the tabs. The interface's thread only takes the text of the workflow; files are for another."""

    written = Signal(str)
    unkept = Signal(str)
    """A sentence where changes cannot be kept, once; an empty one where they are again."""

    def __init__(self, tabs: Tabs, store: Journal) -> None:
        super().__init__(tabs)
        self.background, self._journal = Background(self, threads=1), store  # one thread: all in order
        self._kept: set[str] = set()
        self._failing = False
        self._timers: dict[DocumentTab, QTimer] = {}
        tabs.added.connect(self._watch)
        tabs.removed.connect(self._leave)
        for tab in tabs:
            self._watch(tab)

    def lost(self) -> list[tuple[Path, JournalEntry, Workflow]]:
        """Return what crashed processes left, as far as it can be read."""
        found = []
        for path in self._journal.lost():
            with contextlib.suppress(OSError, ValueError, WorkflowError):
                entry, workflow = journal.read(path)
                found.append((path, entry, files.loads(workflow)))
        return found

    def leave(self) -> None:
        """Watch no longer; another one does, over the same journal."""
        for timer in self._timers.values():
            timer.stop()
        self.background.close()

    def finish(self) -> None:
        """The app ends in order: nothing is to be recovered."""
        self.background.close()
        for timer in self._timers.values():
            timer.stop()
        for document in self._kept:
            with contextlib.suppress(OSError):
                self._journal.forget(document)

    def _watch(self, tab: DocumentTab) -> None:
        timer = self._timers[tab] = QTimer(self, interval=PAUSE, singleShot=True)
        timer.timeout.connect(lambda: self.keep(tab))
        for changed in (tab.session.stack.indexChanged, tab.session.stack.cleanChanged):
            changed.connect(lambda: self._changed(tab))

    def _changed(self, tab: DocumentTab) -> None:
        """Keep a document soon; one that is left is not kept, though its undo stack still says that it empties."""
        if tab in self._timers:
            self._timers[tab].start()

    def _leave(self, tab: DocumentTab) -> None:
        timer = self._timers.pop(tab)
        timer.stop()
        timer.deleteLater()
        self._forget(tab.session.id)

    def keep(self, tab: DocumentTab) -> None:
        """Write what is changed in a document now; a document without changes has no file."""
        session = tab.session
        if not session.dirty:
            self._forget(session.id)
            return
        source = str(session.path or "")
        entry, workflow = JournalEntry(session.title, source, str(session.base), time.time()), session.workflow.copy()
        self._kept.add(session.id)
        self.background.run(
            lambda: self._journal.write(session.id, entry, files.dumps(workflow)),
            lambda _: self._written(session.id),
            self._unwritten,
            owner=self,
        )

    def _written(self, document: str) -> None:
        self.written.emit(document)
        if self._failing:
            self._failing = False
            self.unkept.emit("")

    def _unwritten(self, error: Exception) -> None:
        """A full disk does not stop the work."""
        if not self._failing:
            self._failing = True
            words = self.tr("Unsaved changes would be lost in a crash: {0} cannot be written ({1})")
            self.unkept.emit(words.format(self._journal.folder, reason(error)))

    def _forget(self, document: str) -> None:
        if document in self._kept:
            self._kept.discard(document)
            self.background.run(lambda: self._journal.forget(document), otherwise=lambda _: None, owner=self)


class RecoveryBar(QFrame):
    """A line a document that a crash cost: bring it back, or let it go. Hidden where there is none."""

    def __init__(self, tabs: Tabs, recovery: Recovery) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._tabs, self._recovery = tabs, recovery
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(14, 8, 14, 8)
        self._layout.setSpacing(6)
        self.hide()

    def look(self) -> None:
        """See what was lost."""
        self._recovery.background.run(self._recovery.lost, self._offer, owner=self)

    def _offer(self, found: list[tuple[Path, JournalEntry, Workflow]]) -> None:
        for path, entry, workflow in found:
            self._layout.addWidget(self._line(path, entry, workflow))
        self.setVisible(bool(found))

    def _line(self, path: Path, entry: JournalEntry, workflow: Workflow) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.time))
        words = self.tr("nodeflow ended unexpectedly. Unsaved changes to {0} of {1} were kept.").format(
            entry.name, when
        )
        restore, discard = QPushButton(self.tr("Restore")), QPushButton(self.tr("Discard"))
        restore.setAccessibleName(self.tr("Restore {0}").format(entry.name))
        discard.setAccessibleName(self.tr("Discard {0}").format(entry.name))
        restore.clicked.connect(lambda: self._restore(line, path, entry, workflow))
        discard.clicked.connect(lambda: self._done(line, path))
        row.addWidget(QLabel(words), 1)
        row.addWidget(restore)
        row.addWidget(discard)
        return line

    def _restore(self, line: QWidget, path: Path, entry: JournalEntry, workflow: Workflow) -> None:
        """In a tab, as changes to its file: that is written only when the person saves."""
        tab = self._tabs.free()
        session = tab.session
        session.show_recovered(workflow, Path(entry.source) if entry.source else None, Path(entry.base), entry.name)
        self._recovery.keep(tab)
        self._done(line, path)

    def _done(self, line: QWidget, path: Path) -> None:
        self._recovery.background.run(lambda: path.unlink(missing_ok=True), otherwise=lambda _: None, owner=self)
        self._layout.removeWidget(line)
        line.deleteLater()
        self.setVisible(self._layout.count() > 0)
