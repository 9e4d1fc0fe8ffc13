"""The open documents as tabs: each shows its name and whether it has changes; there is always one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTabBar, QTabWidget, QToolButton, QWidget

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.window.document_tab import DocumentTab


class _Bar(QTabBar):
    """A tab bar on which the middle button closes (in every version of Qt) and a double click beside makes a tab."""

    new_wanted = Signal()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            at = self.tabAt(event.position().toPoint())
            if at >= 0:
                self.tabCloseRequested.emit(at)
            return
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tabAt(event.position().toPoint()) < 0:
            self.new_wanted.emit()
        super().mouseDoubleClickEvent(event)


class Tabs(QTabWidget):
    """``front_changed``: another document is worked on. ``close_wanted``: a tab is to be closed, if it may be.

    ``emptied``: the last one was closed; an empty document stands there.
    """

    front_changed = Signal(DocumentTab)
    close_wanted = Signal(DocumentTab)
    added = Signal(DocumentTab)
    removed = Signal(DocumentTab)
    new_wanted = Signal()
    emptied = Signal()

    def __init__(self, make: Callable[[], DocumentSession], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make = make
        bar = _Bar(self)
        bar.setObjectName("documents")
        bar.setAccessibleName(self.tr("Open workflows"))
        self.setTabBar(bar)
        self.setDocumentMode(True)
        self.setMovable(True)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        plus = QToolButton()
        plus.setText("+")
        plus.setToolTip(self.tr("New workflow in a tab"))
        plus.setAccessibleName(plus.toolTip())
        plus.clicked.connect(self.new_wanted)
        self.setCornerWidget(plus)
        bar.new_wanted.connect(self.new_wanted)
        bar.tabCloseRequested.connect(self._ask_to_close)
        self.currentChanged.connect(lambda _: self.front_changed.emit(self.front) if self.count() else None)

    @property
    def front(self) -> DocumentTab:
        """The document that is worked on."""
        found = self.currentWidget()
        assert isinstance(found, DocumentTab)
        return found

    def __iter__(self) -> Iterator[DocumentTab]:
        for at in range(self.count()):
            tab = self.widget(at)
            assert isinstance(tab, DocumentTab)
            yield tab

    def add(self, session: DocumentSession | None = None) -> DocumentTab:
        """A tab on a session, or on an empty document, to the right of the others and in front."""
        tab = DocumentTab(session or self._make())
        tab.renamed.connect(lambda: self._name(tab))
        self.added.emit(tab)
        at = self.addTab(tab, "")
        self.tabBar().setTabButton(at, QTabBar.ButtonPosition.RightSide, self._closer(tab))
        self.setCurrentIndex(at)
        self._name(tab)
        return tab

    def drop(self, tab: DocumentTab) -> None:
        """Take a tab away, and its document with it; where it was the last, an empty one takes its place. One that was
        asked for twice, while its file was still being written, goes once."""
        if self.indexOf(tab) < 0:
            return
        last = self.count() == 1
        if last:
            self.add()
        self.removeTab(self.indexOf(tab))
        self.removed.emit(tab)
        tab.session.close()
        tab.deleteLater()
        if last:
            self.emptied.emit()

    def free(self) -> DocumentTab:
        """A tab that another document may take: the front one if nothing is lost, or a new one."""
        return self.front if self.front.session.pristine else self.add()

    def step(self, by: int) -> None:
        """Bring the tab to the right or left in front, around the ends."""
        self.setCurrentIndex((self.currentIndex() + by) % self.count())

    def _closer(self, tab: DocumentTab) -> QToolButton:
        button = QToolButton()
        button.setObjectName("close")
        button.setText("✕")
        button.setAccessibleName(self.tr("Close this workflow"))
        button.setToolTip(button.accessibleName())
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.close_wanted.emit(tab))
        return button

    def _ask_to_close(self, at: int) -> None:
        self.close_wanted.emit(list(self)[at])

    def _name(self, tab: DocumentTab) -> None:
        mark = "● " if tab.session.dirty else ""
        at = self.indexOf(tab)
        self.setTabText(at, mark + tab.title.replace("&", "&&"))
        self.setTabToolTip(at, str(tab.session.path or self.tr("Not saved yet")))
