"""Where a window and its panels stand: as they did last time, and no larger than a small screen."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtWidgets import QMainWindow

from nodeflow.app.model.settings import Settings
from nodeflow.app.window.docks import NARROW
from nodeflow.app.window.panel_docks import PanelDocks

LOW = 560
"""Pixels of a screen from which panels stand below each other."""


class WindowPlacement:
    """Keeps it in the settings from one start to the next."""

    def __init__(self, window: QMainWindow, panels: PanelDocks, settings: Settings) -> None:
        self._window, self._panels, self._settings = window, panels, settings

    def restore(self) -> None:
        """Stand as when it was kept, as far as the screen allows."""
        self._window.restoreGeometry(QByteArray.fromBase64(self._settings.geometry.encode()))
        self._window.restoreState(QByteArray.fromBase64(self._settings.panels.encode()))
        self.fit(self._window.screen().availableSize())

    def fit(self, screen: QSize) -> None:
        """Be no larger than a small screen, with all panels in one place there."""
        if screen.height() < LOW or screen.width() < NARROW:
            self._panels.stand_close(screen.width() // 2)
            self._window.resize(self._window.size().boundedTo(screen))

    def keep(self) -> None:
        """Keep it for the next start, with no panel large or out of the way for a while."""
        self._panels.large.leave()
        self._panels.step_aside(False)
        self._settings.geometry = bytes(self._window.saveGeometry().toBase64().data()).decode()
        self._settings.panels = bytes(self._window.saveState().toBase64().data()).decode()
