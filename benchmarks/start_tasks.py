"""The everyday tasks of `benchmarks.tasks` that need another start of the window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QPushButton

from benchmarks.more_tasks import choose
from benchmarks.task_person import CTRL, KEY, Person
from nodeflow.app.dialogs.settings_dialog import SettingsDialog
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.window.language_switch import LanguageSwitch
from nodeflow.app.window.main_window import MainWindow
from tests.app.fit import misfits


def another_language(person: Person) -> None:
    """In the settings: the language at once, the size of everything from the next start; then a small screen."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    switch = LanguageSwitch(app, person.window)
    old = person.window
    asked = "en" if old.settings.language == "zh_CN" else "zh_CN"
    person.key(KEY.Key_Comma, CTRL)
    dialog = old.findChild(SettingsDialog)
    assert dialog is not None
    choose(person, dialog.look.scale, 200)
    choose(person, dialog.look.language, asked)
    person.wait(lambda: switch.window is not old)
    person.window = switch.window
    shown = person.window.findChild(SettingsDialog)
    assert shown is not None
    person.key(KEY.Key_Escape, into=shown)
    person.window.placement.fit(QSize(683, 384))
    person.window.resize(683, 384)
    person.wait()
    assert person.window.height() <= 384 and not misfits(person.window), misfits(person.window)
    person.did(19, "language, 200 % and a small screen")


AT_WORK = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from nodeflow.app.main import application
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam
from nodeflow.resources import folder
app = application()
window = MainWindow(DocumentSession(output=Path(sys.argv[1])))
window.session.open(folder("workflows") / "latent-diffusion.json")
window.recovery.written.connect(lambda _: print("kept", flush=True))
window.show()
window.session.do("Set", SetParam("guidance", "scale", 4.25))
app.exec()
"""
"""A window in which something was changed."""


def after_a_crash(person: Person) -> None:
    """Another program of the same person is ended by force; this window is the next start."""
    before, output = person.window, person.window.hub.output
    process = subprocess.Popen([sys.executable, "-c", AT_WORK, str(output)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline().strip() == "kept"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    next_start = MainWindow(DocumentSession(output=output))
    next_start.resize(before.size())
    next_start.show()
    person.window = next_start
    next_start.activateWindow()
    bar = next_start.recovery_bar
    bar.look()
    person.wait(bar.isVisible)
    person.click(bar.findChildren(QPushButton)[0])
    person.wait(lambda: "guidance" in next_start.session.workflow.nodes)
    assert next_start.session.workflow.nodes["guidance"].params["scale"] == 4.25 and next_start.session.dirty
    next_start.canvas.view.setFocus()
    person.key(KEY.Key_Return, CTRL, into=next_start.canvas.view)
    person.wait(lambda: next_start.session.states.outcome == "done")
    for tab in next_start.tabs:
        tab.session.stack.setClean()
    person.did(20, "end the program by force, start again, go on")
    next_start.close()
    person.window = before
    before.activateWindow()
