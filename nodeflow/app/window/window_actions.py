"""The actions of the window, as entries of the registry: files, undo, runs, help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from nodeflow.app.commands.registry import Actions
from nodeflow.app.dialogs.sweep_dialog import SweepDialog
from nodeflow.app.i18n.texts import tr

if TYPE_CHECKING:
    from nodeflow.app.window.main_window import MainWindow


def define(actions: Actions, window: MainWindow) -> None:
    """Enter them all."""
    on, key, undos = actions.define, QKeySequence.StandardKey, window.undos
    documents, tabs = window.documents, window.tabs
    on("file.new", "file", tr("New"), ["Ctrl+N", "Ctrl+T"], documents.new)
    on("file.open", "file", tr("Open…"), key.Open, documents.open)
    actions.adopt("file.recent", "file", recent_menu(window).menuAction(), [])
    on("file.save", "file", tr("Save"), key.Save, documents.save, gap=True)
    on("file.save_as", "file", tr("Save As…"), "Ctrl+Shift+S", documents.save_as)
    on("file.revert", "file", tr("Revert"), "", documents.revert)
    on("file.close", "file", tr("Close"), "Ctrl+W", lambda: documents.close(tabs.front), gap=True)
    on("file.settings", "file", tr("Settings…"), "Ctrl+,", window.show_settings, gap=True)
    on("file.quit", "file", tr("Quit"), key.Quit, window.close)
    actions.adopt("edit.undo", "edit", undos.createUndoAction(window, tr("Undo")), key.Undo)
    actions.adopt("edit.redo", "edit", undos.createRedoAction(window, tr("Redo")), ["Ctrl+Shift+Z", "Ctrl+Y"])
    on("view.home", "view", tr("Start"), "Alt+Home", lambda: turn_page(window))
    on("view.next_tab", "view", tr("Next Tab"), "Ctrl+Tab", lambda: tabs.step(1))
    on("view.previous_tab", "view", tr("Previous Tab"), "Ctrl+Shift+Tab", lambda: tabs.step(-1))
    on("view.next_panel", "view", tr("Next Panel"), "F6", lambda: window.next_panel(1))
    on("view.previous_panel", "view", tr("Previous Panel"), "Shift+F6", lambda: window.next_panel(-1))
    on("run.run", "run", tr("Run"), ["Ctrl+Return", "Ctrl+Enter"], window.run)
    on("run.sweep", "run", tr("Run a Sweep…"), "Ctrl+Alt+Return", lambda: show_sweep(window))
    on("run.cancel", "run", tr("Cancel"), ["Ctrl+.", "Esc"], lambda: window.session.cancel())
    on("help.palette", "help", tr("Find a Command…"), "Ctrl+Shift+P", lambda: window.palette_.ask())
    on("help.keys", "help", tr("Keys and Pointer"), "?", window.show_cheat_sheet)


def turn_page(window: MainWindow) -> None:
    """Show the start page, or, from there, the documents again."""
    if window.start_page is not None and window.documents.front_title:
        window.documents.shown.emit()
    else:
        window.show_start_page()


def show_sweep(window: MainWindow) -> SweepDialog:
    """Ask which values a parameter is to take, and run with each."""
    session, canvas = window.session, window.canvas
    canvas.view.finish_editor()
    dialog = SweepDialog(window, session, [] if canvas.scope.path else canvas.chosen())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.wanted.connect(lambda sweeps: window.sweep_runs.run(session, sweeps))
    dialog.open()
    return dialog


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


def recent_menu(window: MainWindow) -> QMenu:
    """The files that were used last, each a line."""
    menu, documents = QMenu(tr("Open Recent"), window), window.documents

    def refill() -> None:
        menu.clear()
        for path in documents.recent():
            line = menu.addAction(str(path))
            line.triggered.connect(lambda _=False, path=path: documents.show_file(path))
        menu.addSeparator()
        menu.addAction(tr("Forget Them")).triggered.connect(lambda: documents.forget_recent())
        menu.menuAction().setEnabled(bool(documents.recent()))

    menu.aboutToShow.connect(refill)
    documents.recent_changed.connect(refill)
    refill()
    menu.menuAction().triggered.connect(lambda: menu.popup(window.mapToGlobal(window.rect().center())))
    return menu
