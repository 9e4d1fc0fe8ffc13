"""The command palette: every action by a few letters, with its keys; what was used last comes first."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from nodeflow.app.commands import registry
from nodeflow.app.commands.registry import Actions, categories, plain
from nodeflow.app.qt.picker import Picker, PickerEntry

_LINES, _WIDTH, _TOP = 13, 560, 56


class Palette(Picker):
    """A field and the actions that match, at the top of the window. Enter does the chosen one."""

    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent, self.tr("What do you want to do?"), tall=False, lines=_LINES)
        self._actions = actions
        self._before: QWidget | None = None
        self.chosen.connect(self._do)

    def ask(self) -> None:
        """Open, with the keys in the field."""
        self._before = self.window().focusWidget()
        width = min(_WIDTH, self._parent.width() - 32)
        self.open(self._entries, QPoint((self._parent.width() - width) // 2, _TOP), width)

    def leave(self) -> None:
        """Close without a choice; the keys go back to where they were, unless they are elsewhere already."""
        had_keys = self.field.hasFocus()
        super().leave()
        if had_keys:
            self._give_back()

    def _give_back(self) -> None:
        if self._before is not None:
            self._before.setFocus()

    def _entries(self, words: str) -> list[PickerEntry]:
        recent = {id: place for place, id in enumerate(self._actions.recent())}
        return [
            PickerEntry(
                found.id,
                plain(found.words),
                plain(categories()[found.category]),
                found.shown_keys,
                found.action.isEnabled(),
            )
            for found in ranked(words, list(self._actions.entries.values()), recent)
        ]

    def _do(self, id: str) -> None:
        self._give_back()
        self._actions.entries[id].action.trigger()


def ranked(query: str, entries: list[registry.ActionEntry], recent: dict[str, int]) -> list[registry.ActionEntry]:
    """The actions that a query means, best first; among equals those that were used last."""
    words = query.casefold().split()
    found = []
    for number, entry in enumerate(entries):
        scores = [score(word, entry) for word in words]
        if all(scores):
            found.append((-sum(scores), recent.get(entry.id, len(recent)), number, entry))
    return [line[-1] for line in sorted(found, key=lambda line: line[:-1])]


def score(word: str, entry: registry.ActionEntry) -> int:
    """How well a word fits an action: its words, its category, its id (which is English in every language)."""
    title = plain(entry.words).casefold()
    if title.startswith(word):
        return 5
    if any(part.startswith(word) for part in title.split()):
        return 4
    if word in title or word == "".join(part[0] for part in title.split()):
        return 3
    if word in plain(categories()[entry.category]).casefold() or word in entry.id:
        return 2
    letters = iter(title)
    return 1 if len(word) > 2 and all(letter in letters for letter in word) else 0
