"""The registry of actions: what a person can do, by id, with its words, its category and its keys.

Menus, the command palette, the cheat sheet and the settings are all made from it, so that an action that is defined
once appears in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from nodeflow.app.commands.key_presets import keys_of
from nodeflow.app.i18n.texts import tr
from nodeflow.app.model.settings import Settings

Keys = QKeySequence.StandardKey | str | list[str]
_RECENT = 12
_MARK = re.compile(r"\(&\w\)")
"""The menu key of a language that has none of its letters on the keyboard."""


def categories() -> dict[str, str]:
    """The categories in the order of the menu bar, with their titles."""
    return {
        "file": tr("&File"),
        "edit": tr("&Edit"),
        "node": tr("&Node"),
        "arrange": tr("&Arrange"),
        "view": tr("&View"),
        "run": tr("&Run"),
        "help": tr("&Help"),
    }


@dataclass
class ActionEntry:
    """One action of the registry. ``gap``: a line stands before it in menus; ``on_canvas``: it acts there alone.
    ``why_grey``: why it cannot be done now; empty where it can."""

    id: str
    category: str
    words: str
    action: QAction
    defaults: list[str]
    gap: bool
    on_canvas: bool
    why_grey: str = ""

    @property
    def keys(self) -> list[str]:
        """Its keys as they are written to settings."""
        return [key.toString(QKeySequence.SequenceFormat.PortableText) for key in self.action.shortcuts()]

    @property
    def shown_keys(self) -> str:
        """Its first key as a person reads it."""
        return self.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


class Actions(QObject):
    """All actions of a window. ``changed``: one was added, or its keys are others.

    Those of the canvas act only while a canvas has the focus, so that a text field keeps its keys.
    """

    changed = Signal()

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self._canvases: list[QWidget] = []
        self.entries: dict[str, ActionEntry] = {}

    def define(
        self,
        id: str,
        category: str,
        words: str,
        keys: Keys,
        act: Callable[[], object],
        *,
        gap: bool = False,
        on_canvas: bool = False,
    ) -> QAction:
        """Add an action that calls ``act``; its keys are those that the person chose, or these."""
        action = QAction(words, self._window)
        action.triggered.connect(lambda: act())
        return self.adopt(id, category, action, keys, gap=gap, on_canvas=on_canvas)

    def adopt(
        self, id: str, category: str, action: QAction, keys: Keys, *, gap: bool = False, on_canvas: bool = False
    ) -> QAction:
        """Add an action that is there already: one of an undo group, or the switch of a panel."""
        if id in self.entries:
            raise ValueError(f"there is an action {id!r} already")
        defaults = _sequences(keys)
        entry = ActionEntry(id, category, action.text(), action, defaults, gap, on_canvas)
        action.setObjectName(id)
        action.setShortcuts([QKeySequence(key) for key in self._settings.shortcuts.get(id, defaults)])
        action.triggered.connect(lambda: self._note(id))
        if on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            for canvas in self._canvases:
                canvas.addAction(action)
        else:
            self._window.addAction(action)
        self.entries[id] = entry
        self.changed.emit()
        return action

    def __getitem__(self, id: str) -> QAction:
        return self.entries[id].action

    def attach(self, canvas: QWidget) -> None:
        """Let the keys of the canvas's actions work on this widget."""
        self._canvases.append(canvas)
        canvas.destroyed.connect(lambda: self._canvases.remove(canvas))
        canvas.addActions([entry.action for entry in self.entries.values() if entry.on_canvas])

    def of(self, category: str) -> list[ActionEntry]:
        """The actions of a category, in the order in which they were defined."""
        return [entry for entry in self.entries.values() if entry.category == category]

    # --- menus

    def fill_menu_bar(self, bar: QMenuBar) -> list[QMenu]:
        """One menu a category; what is defined later stands in it too. The menus are returned."""
        menus = []
        for category, title in categories().items():
            menu = bar.addMenu(title)
            menu.setObjectName(category)
            self.changed.connect(partial(self._refill, menu, category))
            self._refill(menu, category)
            menus.append(menu)
        return menus

    def _refill(self, menu: QMenu, category: str) -> None:
        entries = self.of(category)
        if entries and [action for action in menu.actions() if not action.isSeparator()] == [e.action for e in entries]:
            return  # what has changed is another category, or keys
        for action in menu.actions():  # PySide takes actions for deleted after QMenu.clear
            menu.removeAction(action)
        fill(menu, entries)
        menu.menuAction().setVisible(bool(menu.actions()))

    # --- keys

    def set_keys(self, id: str, keys: list[str]) -> None:
        """Give an action other keys, now and at the next start; it loses none to others that have them too."""
        entry, chosen = self.entries[id], self._settings.shortcuts
        if keys == entry.defaults:
            chosen.pop(id, None)
        else:
            chosen[id] = keys
        self._settings.shortcuts = chosen
        entry.action.setShortcuts([QKeySequence(key) for key in keys])
        self.changed.emit()

    def reset_keys(self) -> None:
        """Give every action its own keys again."""
        for id, entry in self.entries.items():
            self.set_keys(id, entry.defaults)

    def take_preset(self, name: str) -> None:
        """Give every action the keys of another program; its own where the name is empty."""
        for id, keys in keys_of(name, {id: entry.defaults for id, entry in self.entries.items()}).items():
            self.set_keys(id, keys)

    def conflicts(self, id: str, key: str) -> list[ActionEntry]:
        """The other actions that a key calls already."""
        wanted = QKeySequence(key)
        return [
            e for e in self.entries.values() if e.id != id and not wanted.isEmpty() and wanted in e.action.shortcuts()
        ]

    # --- what was used last

    def recent(self) -> list[str]:
        """Ids of actions that were used, the last one first."""
        return [id for id in self._settings.recent_actions if id in self.entries]

    def _note(self, id: str) -> None:
        others = [other for other in self._settings.recent_actions if other != id]
        self._settings.recent_actions = [id, *others][:_RECENT]


def fill(menu: QMenu, entries: Iterable[ActionEntry]) -> None:
    """Put actions into a menu, with a line before those that begin a group."""
    for entry in entries:
        if entry.gap and not menu.isEmpty():
            menu.addSeparator()
        menu.addAction(entry.action)


def plain(words: str) -> str:
    """An action's words without the mark of its menu key and the dots of a question."""
    return _MARK.sub("", words).replace("&", "").removesuffix("…")


def _sequences(keys: Keys) -> list[str]:
    if isinstance(keys, QKeySequence.StandardKey):
        found = QKeySequence.keyBindings(keys)[:1]  # the others are keys of keyboards long gone
    else:
        found = [QKeySequence(key) for key in ([keys] if isinstance(keys, str) else keys) if key]
    return [key.toString(QKeySequence.SequenceFormat.PortableText) for key in found]
