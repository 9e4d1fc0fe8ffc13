"""Undo steps: each wraps one edit of the document, and small changes of one gesture merge into one step."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable
from typing import TypeVar

from PySide6.QtGui import QUndoCommand

from nodeflow.graph.edits.aims import same_aim
from nodeflow.graph.edits.edits import Edit
from nodeflow.graph.model.document import Document

_MERGES = 1
T = TypeVar("T")


def _told(act: Callable[[], T]) -> T | None:
    """Do something for Qt's stack, which an error must not reach: PySide ends the process for some. It is told as one
    in a slot is."""
    try:
        return act()
    except Exception:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return None


class EditCommand(QUndoCommand):
    """An edit as an undo step. Steps pushed with the same ``gesture`` become one, as long as they set the same: the
    last edit of them holds, and the first inverse takes all of them back.
    """

    def __init__(self, document: Document, edit: Edit, text: str, gesture: Hashable | None = None) -> None:
        super().__init__(text)
        self._document, self._edit, self._gesture = document, edit, gesture
        self._inverse: Edit | None = None

    def redo(self) -> None:
        inverse = _told(lambda: self._document.apply(self._edit))
        if self._inverse is None:
            self._inverse = inverse

    def undo(self) -> None:
        inverse = self._inverse
        if inverse is not None:
            _told(lambda: self._document.apply(inverse))

    def id(self) -> int:
        return -1 if self._gesture is None else _MERGES

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, EditCommand) or other._gesture != self._gesture:
            return False
        if not same_aim(self._edit, other._edit):
            return False  # one node more has been selected meanwhile
        self._edit = other._edit
        return True
