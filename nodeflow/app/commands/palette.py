"""The command palette: every action by a few letters, with its keys; what was used last comes first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from nodeflow.app.commands import registry
from nodeflow.app.commands.registry import Actions, categories, plain
from nodeflow.app.model.search import Subject, closest, search
from nodeflow.app.model.search_aliases import search_aliases
from nodeflow.app.qt.picker import Picker, PickerEntry

_LINES, _WIDTH, _TOP = 13, 560, 56


class Palette(Picker):
    """A field and the actions that match, at the top of the window. Enter does the chosen one.

    ``opening``: it is about to show the actions as they stand.
    """

    opening = Signal()

    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent, self.tr("What do you want to do?"), tall=False, lines=_LINES)
        self._actions = actions
        self._before: QWidget | None = None
        self.chosen.connect(self._do)

    def ask(self) -> None:
        """Open, with the keys in the field."""
        self._before = self.window().focusWidget()
        self.opening.emit()
        width = min(_WIDTH, self._parent.width() - 32)
        self.open(self._entries, QPoint((self._parent.width() - width) // 2, _TOP), width)

    def leave(self) -> None:
        """Close without a choice; the keys go back to where they were, unless they are elsewhere already."""
        had_keys = self.field.hasFocus()
        super().leave()
        if had_keys:
            self._give_back()

    def _give_back(self) -> None:
        if self._before is not None and isValid(self._before):  # a field may have closed when it lost the keys
            self._before.setFocus()

    def _entries(self, words: str) -> list[PickerEntry]:
        known = list(self._actions.entries.values())
        found = ranked(words, known, self._actions.recent())
        return [self._entry(entry) for entry in found] or [
            self._entry(entry)._replace(detail=self.tr("did you mean?")) for entry in suggested(words, known)
        ]

    @staticmethod
    def _entry(found: registry.ActionEntry) -> PickerEntry:
        return PickerEntry(
            found.id,
            plain(found.words),
            found.why_grey or plain(categories()[found.category]),
            found.shown_keys,
            found.action.isEnabled(),
        )

    def _do(self, id: str) -> None:
        self._give_back()
        self._actions.entries[id].action.trigger()


def ranked(query: str, entries: list[registry.ActionEntry], recent: Sequence[str] = ()) -> list[registry.ActionEntry]:
    """Return the actions that a query means, best first; among equals those that were used last."""
    known = {entry.id: entry for entry in entries}
    return [known[id] for id in search(query, known, lambda key: _subject(known[key]), recent)]


def suggested(query: str, entries: list[registry.ActionEntry]) -> list[registry.ActionEntry]:
    """Return the actions that a query which finds nothing may have meant."""
    known = {entry.id: entry for entry in entries}
    return [known[id] for id in closest(query, known, lambda key: _subject(known[key]))]


def _subject(entry: registry.ActionEntry) -> Subject:
    """Its words, its id (which is English in every language), other names, and its category."""
    names = (entry.id.partition(".")[2].replace("_", " "), *search_aliases().actions.get(entry.id, ()))
    return Subject(plain(entry.words), names, f"{plain(categories()[entry.category])} {entry.category}")
