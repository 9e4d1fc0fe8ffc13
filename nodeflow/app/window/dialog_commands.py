"""The dialogs of the window, as its commands open them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from nodeflow.app.commands.cheat_sheet import CheatSheet
from nodeflow.app.commands.registry import Actions
from nodeflow.app.dialogs.settings_dialog import SettingsDialog
from nodeflow.app.dialogs.sweep_dialog import SweepDialog
from nodeflow.app.model.script_server import ScriptServer
from nodeflow.app.model.settings import Settings
from nodeflow.app.model.sweep_runs import SweepRuns
from nodeflow.app.qt.background import Background
from nodeflow.app.window.tabs import Tabs


class DialogCommands:
    """Opens settings, keys and the form of a sweep over the window."""

    def __init__(
        self,
        window: QWidget,
        settings: Settings,
        actions: Actions,
        tabs: Tabs,
        sweep_runs: SweepRuns,
        background: Background,
        scripts: ScriptServer,
    ) -> None:
        self._window, self._settings, self._actions, self._tabs = window, settings, actions, tabs
        self._sweep_runs, self._background, self._scripts = sweep_runs, background, scripts

    def show_cheat_sheet(self) -> None:
        """Show all keys on one page."""
        sheet = CheatSheet(self._window, self._actions)
        sheet.change.clicked.connect(self.show_keys)
        sheet.change.clicked.connect(sheet.close)
        sheet.open()

    def show_settings(self) -> SettingsDialog:
        """Show the pages of choices."""
        dialog = SettingsDialog(self._window, self._settings, self._actions, self._background, self._scripts)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def show_keys(self) -> None:
        """Show the page on which keys are changed."""
        self.show_settings().show_keys()

    def show_sweep(self) -> SweepDialog:
        """Ask which values a parameter is to take, and run with each."""
        session, canvas = self._tabs.front.session, self._tabs.front.canvas
        session.take_typed.emit()
        dialog = SweepDialog(self._window, session, [] if canvas.scope.path else canvas.selection.chosen())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.wanted.connect(lambda sweeps: self._sweep_runs.run(session, sweeps))
        dialog.open()
        return dialog
