"""Opening the window."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from nodeflow import resources
from nodeflow.app.i18n import language
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.settings import Settings
from nodeflow.app.qt import theme
from nodeflow.app.qt.gc_scheduler import Collector
from nodeflow.app.start_page.bundled_workflows import STARTER
from nodeflow.app.window.language_switch import LanguageSwitch
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.model.workflow import WorkflowError


def main(file: Path | None = None, form: bool = False) -> int:
    """Open the app on a workflow file, or on the starter workflow; the exit code once the window is closed.

    With ``form`` the form over the workflow is shown.
    """
    app = application()
    window = open_window(file, form)
    shown = LanguageSwitch(app, window)
    app.styleHints().colorSchemeChanged.connect(lambda: shown.window.retheme())
    window.resize(window.size().boundedTo(window.screen().availableSize()))
    window.show()
    QTimer.singleShot(0, window.hub.start)
    QTimer.singleShot(0, window.hub.models.start)
    QTimer.singleShot(0, window.models.downloads.start)
    QTimer.singleShot(0, window.recovery_bar.look)
    with_interrupt = QTimer()  # lets Python run now and then, so that Ctrl+C in the terminal is heard
    with_interrupt.timeout.connect(lambda: None)
    with_interrupt.start(300)
    signal.signal(signal.SIGINT, lambda *_: shown.window.close())
    return app.exec()


def application() -> QApplication:
    """The application with its name, and in the size, language and theme that the person chose."""
    app = QApplication.instance()
    settings = Settings()
    if not isinstance(app, QApplication):
        if settings.scale != 100:
            os.environ.setdefault("QT_SCALE_FACTOR", str(settings.scale / 100))
        app = QApplication(sys.argv[:1])
        Collector(app)
        language.install(app, settings.language)
    app.setApplicationName("nodeflow")
    app.setApplicationDisplayName("nodeflow")
    theme.apply(app, settings.theme)
    return app


def open_window(file: Path | None = None, form: bool = False) -> MainWindow:
    """A window on a workflow file, or on the form over it; what is wrong with the file is said in it."""
    window = MainWindow(DocumentSession())
    if file is not None:
        QTimer.singleShot(0, window, lambda: window.show_file(file, form))
    elif window.documents.remembered:
        QTimer.singleShot(0, window, lambda: _restore(window))
    else:
        _show_starter(window)
    return window


def _restore(window: MainWindow) -> None:
    window.documents.restore(lambda: _show_starter(window))


def _show_starter(window: MainWindow) -> None:
    try:
        window.session.open(resources.folder("workflows") / f"{STARTER}.json")
    except WorkflowError:
        window.session.new()
