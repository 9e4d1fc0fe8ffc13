"""An action of a dialog with its key, which its hint names."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


def keyed_action(owner: QWidget, words: str, key: str | QKeySequence, act: Callable[[], object]) -> QAction:
    """Add an action to a widget, and return it: ``act`` is called by its key as by a press on its button."""
    action = QAction(words, owner)
    action.setShortcut(QKeySequence(key))
    action.setToolTip(f"{words} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
    action.triggered.connect(lambda: act())
    owner.addAction(action)
    return action
