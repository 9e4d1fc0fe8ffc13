"""Another language without another start: the window is made anew over the same engine and the same documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QRectF, Qt, QTimer, Signal

from nodeflow.app.i18n import language, pack_translations
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.run_history import RunHistory
from nodeflow.app.model.settings import Settings
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.main_window import MainWindow


@dataclass
class _Seen:
    """What a person saw of a document."""

    session: DocumentSession
    history: RunHistory
    path: tuple[str, ...]
    chosen: list[str]
    part: QRectF

    @classmethod
    def of(cls, tab: DocumentTab) -> _Seen:
        """Take a document out of its tab, with all its runs and steps to take back."""
        canvas = tab.canvas
        tab.session.take_typed.emit()
        canvas.items.complete()
        part = canvas.view.mapToScene(canvas.view.viewport().rect()).boundingRect()
        seen = cls(tab.session, tab.history, canvas.scope.path, canvas.selection.chosen(), part)
        tab.session.leave_views()
        return seen

    def show(self, tab: DocumentTab) -> None:
        """Show the same of it in another tab."""
        tab.history.take_over(self.history)
        tab.canvas.scope.go(self.path)
        tab.canvas.items.complete()
        tab.canvas.selection.choose([name for name in self.chosen if name in tab.canvas.nodes])
        tab.canvas.view.camera.show_part(self.part, 0)


class LanguageSwitch(QObject):
    """Holds the window that is shown. ``switched``: it is another one, in the language that was chosen."""

    switched = Signal(object)

    def __init__(self, app: QCoreApplication, window: MainWindow) -> None:
        super().__init__(app)
        self._app, self.window = app, window
        self._watch()

    def _watch(self) -> None:
        self.window.settings.changed.connect(self._changed)

    def _changed(self, key: str) -> None:
        wanted = language.wanted(self.window.settings.language)
        if key == Settings.language.key and wanted != pack_translations.language():
            QTimer.singleShot(0, self, self.switch)

    def switch(self) -> None:
        """Show everything in the language that the settings say."""
        old = self.window
        asked = old.settings_shown
        at, start_page = old.tabs.currentIndex(), old.start_page is not None
        hub = old.hub
        hub.setParent(None)
        seen = [_Seen.of(tab) for tab in old.tabs]
        old.leave()
        hub.leave_views()
        language.install(self._app, old.settings.language)
        hub.speak()
        for one in seen:
            one.session.listen_again()
        new = MainWindow(seen[0].session)
        for one in seen[1:]:
            new.tabs.add(one.session)
        self._place(old, new)
        for one, tab in zip(seen, new.tabs, strict=True):
            one.show(tab)
        new.tabs.setCurrentIndex(at)
        new.sweep_runs.take_over(old.sweep_runs)
        new.past.take_over(old.past)
        for tab in new.tabs:
            new.recovery.keep(tab)
        if start_page:
            new.show_start_page()
        self.window = new
        self._watch()
        self.switched.emit(new)
        old.deleteLater()
        if asked:
            new.dialogs.show_settings()

    def _place(self, old: MainWindow, new: MainWindow) -> None:
        """Put the new window where the old one is, and show it before that goes, so that the app does not end."""
        new.setGeometry(old.geometry())
        new.restoreState(old.saveState())
        show: Callable[[], Any] = new.show if old.isVisible() else lambda: None
        new.setWindowState(old.windowState() & ~Qt.WindowState.WindowMinimized)
        show()
        old.hide()
