"""The actions of the window, as entries of the registry: files, undo, runs, help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from nodeflow.app.actions import Actions
from nodeflow.app.words import tr

if TYPE_CHECKING:
    from nodeflow.app.window import MainWindow


def define(actions: Actions, window: MainWindow) -> None:
    """Enter them all."""
    on, key, undos = actions.define, QKeySequence.StandardKey, window.undos
    on("file.new", "file", tr("New"), key.New, window.new)
    on("file.open", "file", tr("Open…"), key.Open, window.open)
    on("file.save", "file", tr("Save"), key.Save, window.save, gap=True)
    on("file.save_as", "file", tr("Save As…"), "Ctrl+Shift+S", window.save_as)
    on("file.quit", "file", tr("Quit"), key.Quit, window.close, gap=True)
    actions.adopt("edit.undo", "edit", undos.createUndoAction(window, tr("Undo")), key.Undo)
    actions.adopt("edit.redo", "edit", undos.createRedoAction(window, tr("Redo")), ["Ctrl+Shift+Z", "Ctrl+Y"])
    on("run.run", "run", tr("Run"), ["Ctrl+Return", "Ctrl+Enter"], window.run)
    on("run.cancel", "run", tr("Cancel"), ["Ctrl+.", "Esc"], lambda: window.session.cancel())
    on("help.palette", "help", tr("Find a Command…"), "Ctrl+Shift+P", lambda: window.palette_.ask())
    on("help.keys", "help", tr("Keys and Pointer"), "?", window.show_cheat_sheet)


def undo_buttons(window: MainWindow) -> list[QAction]:
    """Undo and redo for the tool bar: their words stay the same; the tooltip says what they will do."""
    undos, actions = window.undos, window.actions_
    undo, redo = (QAction(actions.entries[id].words, window) for id in ("edit.undo", "edit.redo"))
    undo.triggered.connect(undos.undo)
    redo.triggered.connect(undos.redo)
    undo.setEnabled(undos.canUndo())
    redo.setEnabled(undos.canRedo())
    undos.canUndoChanged.connect(undo.setEnabled)
    undos.canRedoChanged.connect(redo.setEnabled)
    undos.undoTextChanged.connect(lambda step: undo.setToolTip(_tip(undo, step)))
    undos.redoTextChanged.connect(lambda step: redo.setToolTip(_tip(redo, step)))
    return [undo, redo]


def _tip(button: QAction, step: str) -> str:
    return f"{button.text()}: {step}" if step else button.text()
