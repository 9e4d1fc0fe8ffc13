"""Notices when a long run is over: on the desktop while the window is not in front, by a sound, by a command."""

from __future__ import annotations

import shlex

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from nodeflow.app.model.past_jobs import PastJob, PastJobs
from nodeflow.app.model.settings import Settings
from nodeflow.app.panels.past_line import outcome_words


class RunNotices(QObject):
    """Tells of runs that took as long as the settings say. ``told``: with these words."""

    told = Signal(str)
    trouble = Signal(str)

    def __init__(self, window: QWidget, past: PastJobs, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self._tray: QSystemTrayIcon | None = None
        past.ended.connect(self._ended)

    def _ended(self, job: object) -> None:
        assert isinstance(job, PastJob)
        settings = self._settings
        if job.outcome == "cancelled" or not settings.notify or job.seconds < settings.notify_seconds:
            return
        words = f"{job.request.title or self.tr('Untitled')}: {outcome_words(job)}"
        if not self._window.isActiveWindow():
            QApplication.alert(self._window)
            self._show(words)
        if settings.notify_sound:
            QApplication.beep()
        if settings.notify_command.strip():
            self._call(settings.notify_command, job, words)
        self.told.emit(words)

    def _show(self, words: str) -> None:
        """Show the words on the desktop, where it takes messages."""
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(QApplication.windowIcon(), self)
            self._tray.messageClicked.connect(self._window.activateWindow)
        self._tray.show()
        self._tray.showMessage("nodeflow", words, QApplication.windowIcon())

    def _call(self, command: str, job: PastJob, words: str) -> None:
        """Start the person's own command; it finds what happened in its environment."""
        try:
            program, *arguments = shlex.split(command)
        except ValueError as error:
            self.trouble.emit(self.tr("The command of the settings cannot be read: {0}").format(error))
            return
        process = QProcess()
        process.setProgram(program)
        process.setArguments(arguments)
        around = QProcessEnvironment.systemEnvironment()
        for name, value in (
            ("NODEFLOW_TITLE", job.request.title),
            ("NODEFLOW_OUTCOME", job.outcome),
            ("NODEFLOW_SECONDS", duration_number(job.seconds)),
            ("NODEFLOW_REASON", job.reason),
            ("NODEFLOW_IMAGE", str(job.picture or "")),
            ("NODEFLOW_WORDS", words),
        ):
            around.insert(name, value)
        process.setProcessEnvironment(around)
        if not process.startDetached():
            self.trouble.emit(self.tr("The command of the settings cannot be started: {0}").format(program))


def duration_number(seconds: float) -> str:
    """Seconds as a program reads them."""
    return f"{seconds:.1f}"
