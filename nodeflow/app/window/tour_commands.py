"""What the window does with the short tour: begin it, begin it again, and know of the card that is shown."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from nodeflow.app.commands.registry import Actions
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.form_commands import FormCommands
from nodeflow.app.window.pages import Pages
from nodeflow.app.window.panel_docks import PanelDocks
from nodeflow.app.window.tabs import Tabs
from nodeflow.app.window.tour import TourCard, TourPlaces, stops


class TourCommands(QObject):
    """Brings the places of the window that the tour goes to."""

    def __init__(self, window: QMainWindow, tabs: Tabs, pages: Pages, forms: FormCommands, actions: Actions) -> None:
        super().__init__(window)
        self._window, self._tabs, self._pages, self._forms, self._actions = window, tabs, pages, forms, actions
        self.card: TourCard | None = None
        """The card of the tour, while there is one."""

    def begin(self, panels: PanelDocks) -> TourCard:
        """Begin the short tour, or begin it again."""
        if self.card is not None:
            self.card.end()
        seen = panels.in_front()
        self._pages.show_documents()
        if not self._tabs.front.on_canvas:
            self._forms.turn()
        self.card = TourCard(self._window, stops(self._actions, self._places(panels)))
        self.card.left.connect(partial(self._leave, seen))
        return self.card

    def _places(self, panels: PanelDocks) -> TourPlaces:
        return TourPlaces(
            lambda: self._tabs.front.canvas.view,
            lambda: self._window.menuBar().cornerWidget(),
            lambda: panels.bring("preview"),
            lambda: panels.bring("inspector"),
            self._window.menuBar,
        )

    def _leave(self, seen: list[Dock]) -> None:
        """The panels that were seen before are in front again."""
        self.card = None
        for dock in seen:
            dock.raise_()
