"""The actions of the window, as entries of the registry: files, undo, runs, help."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtGui import QKeySequence, QUndoGroup
from PySide6.QtWidgets import QMenu, QWidget

from nodeflow.app.commands.palette import Palette
from nodeflow.app.commands.registry import Actions
from nodeflow.app.i18n.texts import tr
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.recent_files import RecentFiles
from nodeflow.app.window.dialog_commands import DialogCommands
from nodeflow.app.window.document_files import Documents
from nodeflow.app.window.foreign_documents import ForeignDocuments
from nodeflow.app.window.form_commands import FormCommands
from nodeflow.app.window.model_commands import ModelCommands
from nodeflow.app.window.pages import Pages
from nodeflow.app.window.place_commands import PlaceCommands
from nodeflow.app.window.snippet_commands import SnippetCommands
from nodeflow.app.window.tabs import Tabs


class Window(Protocol):
    """The parts of a window that its actions call."""

    documents: Documents
    dialogs: DialogCommands
    snippets: SnippetCommands
    models: ModelCommands
    foreign: ForeignDocuments
    forms: FormCommands
    pages: Pages
    places: PlaceCommands
    palette_: Palette
    recent: RecentFiles
    tabs: Tabs
    undos: QUndoGroup

    @property
    def session(self) -> DocumentSession: ...

    def run(self) -> None: ...

    def show_large(self) -> None: ...

    def show_tour(self) -> object: ...

    def next_panel(self, by: int) -> None: ...

    def close(self) -> bool: ...


def define(actions: Actions, window: Window) -> None:
    """Enter them all."""
    on, key, undos = actions.define, QKeySequence.StandardKey, window.undos
    documents, tabs = window.documents, window.tabs
    on("file.new", "file", tr("New"), ["Ctrl+N", "Ctrl+T"], documents.new)
    on("file.open", "file", tr("Open…"), key.Open, documents.open)
    on("file.open_clipboard", "file", tr("Open from Clipboard"), "Ctrl+Shift+V", documents.open_clipboard)
    actions.adopt("file.recent", "file", recent_menu(window.pages, window.documents, window.recent).menuAction(), [])
    on("file.save", "file", tr("Save"), key.Save, documents.save, gap=True)
    on("file.save_as", "file", tr("Save As…"), "Ctrl+Shift+S", documents.save_as)
    on("file.export", "file", tr("Export…"), "Ctrl+Shift+E", lambda: window.foreign.export(tabs.front))
    on("file.revert", "file", tr("Revert"), "", documents.revert)
    on("file.close", "file", tr("Close"), "Ctrl+W", lambda: documents.close(tabs.front), gap=True)
    on("file.download", "file", tr("Download a Model…"), "", lambda: window.models.show_download(), gap=True)
    on("file.downloads", "file", tr("Downloads"), "", window.models.show_downloads)
    on("file.settings", "file", tr("Settings…"), "Ctrl+,", window.dialogs.show_settings, gap=True)
    on("file.quit", "file", tr("Quit"), key.Quit, window.close)
    actions.adopt("edit.undo", "edit", undos.createUndoAction(undos, tr("Undo")), key.Undo)
    actions.adopt("edit.redo", "edit", undos.createRedoAction(undos, tr("Redo")), ["Ctrl+Shift+Z", "Ctrl+Y"])
    on("edit.keep_snippet", "edit", tr("Save as Snippet…"), "", window.snippets.keep, gap=True)
    on("edit.insert_snippet", "edit", tr("Insert Snippet…"), "Ctrl+Shift+I", window.snippets.insert)
    on("view.home", "view", tr("Start"), "Alt+Home", window.pages.turn)
    on("node.to_form", "node", tr("Show in the Form…"), "Ctrl+Alt+F", window.forms.add_selected, gap=True)
    on("node.draw", "node", tr("Draw a Place or a Curve…"), "D", window.places.draw_selected, on_canvas=True)
    on("view.form", "view", tr("Form"), "Ctrl+Shift+F", window.forms.turn)
    on("view.large", "view", tr("Panel over the Whole Window"), "F11", window.show_large)
    on("view.next_tab", "view", tr("Next Tab"), "Ctrl+Tab", lambda: tabs.step(1))
    on("view.previous_tab", "view", tr("Previous Tab"), "Ctrl+Shift+Tab", lambda: tabs.step(-1))
    on("view.next_panel", "view", tr("Next Panel"), "F6", lambda: window.next_panel(1))
    on("view.previous_panel", "view", tr("Previous Panel"), "Shift+F6", lambda: window.next_panel(-1))
    on("run.run", "run", tr("Run"), ["Ctrl+Return", "Ctrl+Enter"], window.run)
    on("run.sweep", "run", tr("Run a Sweep…"), "Ctrl+Alt+Return", window.dialogs.show_sweep)
    on("run.cancel", "run", tr("Cancel"), ["Ctrl+.", "Esc"], lambda: window.session.cancel_current())
    on("help.palette", "help", tr("Find a Command…"), "Ctrl+Shift+P", lambda: window.palette_.ask())
    on("help.tour", "help", tr("Short Tour"), "", window.show_tour)
    on("help.keys", "help", tr("Keys and Pointer"), "?", window.dialogs.show_cheat_sheet)


def recent_menu(parent: QWidget, documents: Documents, recent: RecentFiles) -> QMenu:
    """The files that were used last, each a line."""
    menu = QMenu(tr("Open Recent"), parent)

    def refill() -> None:
        menu.clear()
        for path in recent.paths():
            line = menu.addAction(str(path))
            line.triggered.connect(lambda _=False, path=path: documents.show_file(path))
        menu.addSeparator()
        menu.addAction(tr("Forget Them")).triggered.connect(lambda: recent.forget())
        menu.menuAction().setEnabled(bool(recent.paths()))

    menu.aboutToShow.connect(refill)
    recent.changed.connect(refill)
    refill()
    menu.menuAction().triggered.connect(lambda: menu.popup(parent.mapToGlobal(parent.rect().center())))
    return menu
