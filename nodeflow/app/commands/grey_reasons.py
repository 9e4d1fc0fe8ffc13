"""Says why actions are grey: as a tool tip, in the status line, and over the canvas where one's key is pressed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from nodeflow.app.commands.enabled_when import Situation, conditions, why_grey
from nodeflow.app.commands.registry import ActionEntry, Actions

OF_CANVAS = (Qt.Key.Key_Escape,)
"""Keys that the canvas has a use of its own for where no action takes them: it lets go, or leaves a subgraph."""


class GreyReasons(QObject):
    """Keeps the actions of a window able or grey, as its situation says.

    ``pointed``: a grey line of a menu is under the pointer, with the reason; empty when it no longer is.
    ``refused``: the key of a grey action was pressed on a canvas.
    """

    pointed = Signal(str)
    refused = Signal(str)

    def __init__(self, actions: Actions, situation: Callable[[], Situation]) -> None:
        super().__init__(actions)
        self._actions, self._situation = actions, situation
        self._conditions = conditions()

    def refresh(self) -> None:
        """Look at the situation anew."""
        now = self._situation()
        for entry in self._actions.entries.values():
            self._show(entry, why_grey(entry.id, entry.on_canvas, now, self._conditions))

    @staticmethod
    def _show(entry: ActionEntry, reason: str) -> None:
        """A grey action says why; one that was not grey by us keeps what else was done with it."""
        if reason != entry.why_grey:
            entry.why_grey = reason
            entry.action.setEnabled(not reason)
            entry.action.setToolTip(reason)
            entry.action.setStatusTip(reason)

    def watch_menu(self, menu: QMenu) -> None:
        """Say in this menu why its lines are grey."""
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self.refresh)
        menu.aboutToHide.connect(lambda: self.pointed.emit(""))
        menu.installEventFilter(self)

    def watch_canvas(self, canvas: QWidget) -> None:
        """Say on this canvas why a key does nothing."""
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(watched, QMenu) and isinstance(event, QMouseEvent):
            self.pointed.emit(self._reason(watched.actionAt(event.position().toPoint())))
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() not in OF_CANVAS:
            pressed = QKeySequence(event.keyCombination())
            grey = (entry for entry in self._actions.entries.values() if entry.why_grey)
            found = next((entry for entry in grey if pressed in entry.action.shortcuts()), None)
            if found is not None:
                self.refused.emit(found.why_grey)
                return True
        return False

    def _reason(self, action: QAction | None) -> str:
        entry = self._actions.entries.get(action.objectName()) if action is not None else None
        return entry.why_grey if entry is not None else ""
