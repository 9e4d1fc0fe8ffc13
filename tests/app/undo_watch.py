"""Holds an undo stack to its promise: wherever it comes back to, the document is what it was there."""

from __future__ import annotations

import difflib

from PySide6.QtGui import QUndoCommand
from shiboken6 import isValid

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.graph.io.files import dumps


class UndoWatch:
    """Remembers the document after each step of a session, and tells in words where it is another later."""

    def __init__(self, session: DocumentSession) -> None:
        self._session = session
        self.faults: list[str] = []
        self._start()
        session.opened.connect(self._start)
        session.stack.indexChanged.connect(self._moved)

    def look(self) -> list[str]:
        """Return what was found wrong so far; the document that no step has led to, too."""
        self._compare(self._expected(), "no undo step did this")
        return self.faults

    def go_back(self) -> list[str]:
        """Take back one step after the other, to the beginning."""
        while self._session.stack.canUndo():
            self._session.stack.undo()
        return self.look()

    @property
    def steps(self) -> list[str]:
        """The steps that can be taken back, in their words."""
        return [self._session.stack.text(number) for number in range(self._session.stack.index())]

    def _start(self) -> None:
        self._begin, self._index = dumps(self._session.workflow), self._session.stack.index()
        self._after: dict[QUndoCommand, bytes] = {}

    def _moved(self, _index: int) -> None:
        stack, before = self._session.stack, self._index
        if not isValid(stack):  # it goes, and lets go of its steps
            return
        self._index = stack.index()
        step = stack.command(self._index - 1) if self._index else None
        if step is None and stack.count() == 0:
            self._start()
        elif step is not None and (step not in self._after or self._index == before):
            self._after[step] = dumps(self._session.workflow)
        else:
            self._compare(self._expected(), f"step {before} to {self._index} of {stack.count()}: {self._words(before)}")

    def _words(self, before: int) -> list[str]:
        first, last = sorted((before, self._index))
        return [self._session.stack.text(number) for number in range(first, last)][-5:]

    def _expected(self) -> bytes | None:
        if not self._index:
            return self._begin
        return self._after.get(self._session.stack.command(self._index - 1))

    def _compare(self, wanted: bytes | None, where: str) -> None:
        now = dumps(self._session.workflow)
        if wanted is not None and now != wanted:
            lines = difflib.unified_diff(wanted.decode().splitlines(), now.decode().splitlines(), lineterm="", n=1)
            self.faults.append("\n".join([where, *list(lines)[2:40]]))
