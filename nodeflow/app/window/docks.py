"""Panels around the documents: docks that can be moved, closed and come back as they were. Each is built when it is
first seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QWidget

from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.tabs import Tabs

NARROW = 700
"""Pixels of a window from which panels stand beside each other."""


class Dock(QDockWidget):
    """A panel by its id; ``content`` builds what is in it. ``dismissed``: the person has closed it. ``wanted``: it is
    about to be shown."""

    dismissed = Signal()
    wanted = Signal()

    def __init__(self, window: QMainWindow, id: str, title: str, content: Callable[[], QWidget]) -> None:
        super().__init__(title, window)
        self.setObjectName(id)
        self._content = content
        self.visibilityChanged.connect(lambda seen: self.fill() if seen else None)
        self.switch = QAction(title, self, checkable=True)
        """Brings it to the front, and closes it where it is there."""
        self.switch.triggered.connect(self._turn)
        self.visibilityChanged.connect(self.switch.setChecked)

    def fill(self) -> QWidget:
        """Build its content where that is not there yet."""
        if self.widget() is None:
            made = self._content()
            made.setObjectName("panel")
            made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            self.setWidget(made)
        return self.widget()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.dismissed.emit()

    def _turn(self) -> None:
        if self.switch.isChecked():
            self.bring()
        else:
            self.close()

    def bring(self) -> None:
        """Show it, before others that share its place, with the keys in it."""
        self.come()
        self.fill().setFocus()

    def come(self) -> None:
        """Show it, before others that share its place."""
        self.wanted.emit()
        self.show()
        self.raise_()


class PerTab(QStackedWidget):
    """A panel that has a page for each document and shows that of the one in front."""

    def __init__(self, tabs: Tabs, make: Callable[[DocumentTab], QWidget]) -> None:
        super().__init__()
        self._make = make
        self._pages: dict[DocumentTab, QWidget] = {}
        tabs.front_changed.connect(self.page)
        tabs.removed.connect(self._drop)
        self.page(tabs.front)

    def page(self, tab: DocumentTab) -> QWidget:
        """The page of a document, brought in front."""
        if tab not in self._pages:
            self._pages[tab] = self._make(tab)
            self.addWidget(self._pages[tab])
        self.setCurrentWidget(self._pages[tab])
        return self._pages[tab]

    def _drop(self, tab: DocumentTab) -> None:
        page = self._pages.pop(tab, None)
        if page is not None:
            self.removeWidget(page)
            page.deleteLater()


def pass_keys(places: Sequence[QWidget], focus: QWidget | None, by: int) -> None:
    """Bring the keys from the place that has them to another, ``by`` further on, to the first thing that takes them."""
    here = next((at for at, place in enumerate(places) if focus and (focus is place or place.isAncestorOf(focus))), 0)
    target = places[(here + by) % len(places)]
    inside = [widget for widget in target.findChildren(QWidget) if _takes_keys(widget)]
    (target if _takes_keys(target) or not inside else inside[0]).setFocus(Qt.FocusReason.TabFocusReason)


def _takes_keys(widget: QWidget) -> bool:
    """Return whether Tab stops at a widget."""
    return widget.isVisible() and widget.isEnabled() and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
