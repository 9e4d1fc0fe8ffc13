"""Every command of the window by name: its words, its key, and what it does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from nodeflow.app.canvas.gestures import Gestures
from nodeflow.app.session import Session
from nodeflow.app.words import tr

Keys = QKeySequence.StandardKey | str | list[str]


class Actions(QObject):
    """The actions, shared by menu bar, tool bar and context menu.

    Those of the canvas act only while the canvas has the focus, so that a text field keeps its keys.
    """

    def __init__(self, window: QWidget, session: Session, gestures: Gestures, acts: dict[str, Callable[[], object]]):
        super().__init__(window)
        self._window, self._canvas = window, gestures.view
        make = self._window_action
        key = QKeySequence.StandardKey
        self.new = make(tr("New"), key.New, acts["new"])
        self.open = make(tr("Open…"), key.Open, acts["open"])
        self.save = make(tr("Save"), key.Save, acts["save"])
        self.save_as = make(tr("Save As…"), "Ctrl+Shift+S", acts["save_as"])
        self.quit = make(tr("Quit"), key.Quit, acts["quit"])
        self.run = make(tr("Run"), ["Ctrl+Return", "Ctrl+Enter"], acts["run"])
        self.cancel = make(tr("Cancel"), ["Ctrl+.", "Esc"], session.cancel)
        self.undo = session.stack.createUndoAction(window, tr("Undo"))
        self.undo.setShortcut(key.Undo)
        self.redo = session.stack.createRedoAction(window, tr("Redo"))
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        window.addActions([self.undo, self.redo])
        self.undo_button = self._button(tr("Undo"), session.stack.undo)
        self.redo_button = self._button(tr("Redo"), session.stack.redo)
        for button in (self.undo_button, self.redo_button):
            button.setEnabled(False)
        session.stack.canUndoChanged.connect(self.undo_button.setEnabled)
        session.stack.canRedoChanged.connect(self.redo_button.setEnabled)
        session.stack.undoTextChanged.connect(self._name_undo)
        session.stack.redoTextChanged.connect(self._name_redo)
        on = self._canvas_action
        self.add = on(tr("Add Node…"), "Tab", gestures.view.search_at_pointer)
        self.cut = on(tr("Cut"), key.Cut, gestures.cut)
        self.copy = on(tr("Copy"), key.Copy, gestures.copy)
        self.paste = on(tr("Paste"), key.Paste, gestures.paste)
        self.duplicate = on(tr("Duplicate"), "Ctrl+D", gestures.duplicate)
        self.delete = on(tr("Delete"), ["Del", "Backspace"], gestures.delete)
        self.rename = on(tr("Rename"), "F2", gestures.rename)
        self.select_all = on(tr("Select All"), key.SelectAll, gestures.select_all)
        self.mute = on(tr("Mute"), "M", gestures.mute)
        self.bypass = on(tr("Bypass"), "B", gestures.bypass)
        self.frame = on(tr("Show Selection"), "F", gestures.frame_selection)
        self.frame_all = on(tr("Show All"), ["A", "Home"], gestures.frame_all)
        self.zoom_in = on(tr("Zoom In"), ["Ctrl++", "Ctrl+="], lambda: gestures.zoom_by(1.25))
        self.zoom_out = on(tr("Zoom Out"), "Ctrl+-", lambda: gestures.zoom_by(0.8))

    def fill_menu_bar(self, bar: QMenuBar) -> None:
        """File, Edit, View, Run."""
        menu = bar.addMenu(tr("&File"))
        menu.addActions([self.new, self.open])
        menu.addSeparator()
        menu.addActions([self.save, self.save_as])
        menu.addSeparator()
        menu.addAction(self.quit)
        menu = bar.addMenu(tr("&Edit"))
        menu.addActions([self.undo, self.redo])
        menu.addSeparator()
        self._fill_edit(menu)
        menu = bar.addMenu(tr("&View"))
        menu.addActions([self.frame, self.frame_all, self.zoom_in, self.zoom_out])
        menu = bar.addMenu(tr("&Run"))
        menu.addActions([self.run, self.cancel])

    def context_menu(self, parent: QWidget) -> QMenu:
        """The menu of the canvas."""
        menu = QMenu(parent)
        self._fill_edit(menu)
        menu.addSeparator()
        menu.addActions([self.frame, self.frame_all])
        return menu

    def _button(self, words: str, act: Callable[[], None]) -> QAction:
        """An action for the tool bar, whose words stay the same; the tooltip says what it will do."""
        action = QAction(words, self._window)
        action.triggered.connect(lambda: act())
        return action

    def _name_undo(self, step: str) -> None:
        self.undo_button.setToolTip(f"{self.undo_button.text()}: {step}" if step else self.undo_button.text())

    def _name_redo(self, step: str) -> None:
        self.redo_button.setToolTip(f"{self.redo_button.text()}: {step}" if step else self.redo_button.text())

    def _fill_edit(self, menu: QMenu) -> None:
        menu.addAction(self.add)
        menu.addSeparator()
        menu.addActions([self.cut, self.copy, self.paste, self.duplicate, self.delete, self.rename, self.select_all])
        menu.addSeparator()
        menu.addActions([self.mute, self.bypass])

    def _window_action(self, words: str, keys: Keys, act: Callable[[], object]) -> QAction:
        return self._make(self._window, words, keys, act)

    def _canvas_action(self, words: str, keys: Keys, act: Callable[[], object]) -> QAction:
        action = self._make(self._canvas, words, keys, act)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        return action

    @staticmethod
    def _make(owner: QWidget, words: str, keys: Keys, act: Callable[[], object]) -> QAction:
        action = QAction(words, owner)
        if isinstance(keys, QKeySequence.StandardKey):
            action.setShortcuts(keys)
        else:
            action.setShortcuts([QKeySequence(key) for key in ([keys] if isinstance(keys, str) else keys)])
        action.triggered.connect(lambda: act())
        owner.addAction(action)
        return action
