"""A window with a workflow of a few nodes to be grouped."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from nodeflow.app.window.main_window import MainWindow

Key = Qt.Key
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


SAMPLING = ["denoiser", "guidance", "noise", "sampler", "scheduler"]


def press(window: MainWindow, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.canvas.view, key, keys)


def group(window: MainWindow, *names: str) -> str:
    window.canvas.view.setFocus()
    window.canvas.selection.choose(names or SAMPLING)
    press(window, Key.Key_G, CTRL)
    [name] = window.canvas.selection.chosen()
    return name
