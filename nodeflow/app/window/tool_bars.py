"""The tool bar and the buttons in the corner of the menu bar."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QUndoGroup
from PySide6.QtWidgets import QHBoxLayout, QToolBar, QToolButton, QWidget

from nodeflow.app.commands.registry import Actions
from nodeflow.app.i18n.texts import tr


def tool_bar(actions: Actions, undos: QUndoGroup) -> QToolBar:
    """Return the bar with files, undo and panels."""
    bar = QToolBar(tr("Tools"))
    bar.setObjectName("tools")
    bar.setMovable(False)
    bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    bar.addActions([actions["view.home"], actions["file.new"], actions["file.open"], actions["file.save"]])
    bar.addSeparator()
    bar.addActions(undo_buttons(actions, undos, bar))
    bar.addSeparator()
    bar.addActions([actions[f"view.{id}"] for id in ("form", "library", "models", "gallery", "queue", "log")])
    return bar


def run_buttons(actions: Actions, parent: QWidget) -> QWidget:
    """Return cancel and run, for the corner, where no width of the window hides them."""
    corner = QWidget(parent)
    row = QHBoxLayout(corner)
    row.setContentsMargins(0, 5, 10, 1)
    for id in ("run.cancel", "run.run"):
        button = QToolButton()
        button.setDefaultAction(actions[id])
        button.setObjectName(id.partition(".")[2])
        row.addWidget(button)
    return corner


def undo_buttons(actions: Actions, undos: QUndoGroup, parent: QWidget) -> list[QAction]:
    """Return undo and redo for the tool bar: their words stay the same; the tooltip says what they will do."""
    undo, redo = (QAction(actions.entries[id].words, parent) for id in ("edit.undo", "edit.redo"))
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
