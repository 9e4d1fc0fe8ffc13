"""Pages in the middle of the window: the open documents, or the start page in their place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from nodeflow.app.commands.registry import Actions
from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.recent_files import RecentFiles
from nodeflow.app.qt.background import Background
from nodeflow.app.start_page.start_page import StartPage
from nodeflow.app.window.tabs import Tabs


class Pages(QStackedWidget):
    """Turns between the two. ``wanted``: a file was chosen on the start page, to be opened, and run at once or not."""

    wanted = Signal(Path, bool)

    def __init__(
        self, tabs: Tabs, hub: EngineService, recent: RecentFiles, actions: Actions, background: Background
    ) -> None:
        super().__init__()
        self._tabs, self._hub, self._recent, self._actions, self._background = tabs, hub, recent, actions, background
        self._start: StartPage | None = None
        self.addWidget(tabs)
        tabs.emptied.connect(self.show_start_page)

    @property
    def start_page(self) -> StartPage | None:
        """The start page where it is shown."""
        return self._start if self.currentWidget() is self._start else None

    def show_start_page(self) -> None:
        """Show the start page in place of the documents; what is opened or made there brings them back."""
        if self._start is None:
            self._start = StartPage(self._hub, self._recent, self._actions, self._background)
            self._start.wanted.connect(self.wanted)
            self.addWidget(self._start)
        session = self._tabs.front.session
        self._start.offer_way_back("" if session.pristine else session.title)
        self.setCurrentWidget(self._start)
        self._start.setFocus()

    def show_documents(self) -> None:
        """Show the documents, with the keys in the canvas or the form."""
        self.setCurrentWidget(self._tabs)
        self._tabs.front.setFocus()

    def turn(self) -> None:
        """Show the start page, or, from there, the documents again where there is one to go back to."""
        if self.start_page is None:
            self.show_start_page()
        elif not self._tabs.front.session.pristine:
            self.show_documents()

    def retheme(self) -> None:
        """Draw the start page in the theme that is now in force."""
        if self._start is not None:
            self._start.retheme()
