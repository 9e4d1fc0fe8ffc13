"""Looks into the values of a document: each answer of the engine goes to who asked for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from nodeflow.app.i18n.texts import tr
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.engine.protocol.messages import Export, Exported, ViewQuery, ViewReply, WorkerLost
from nodeflow.engine.protocol.value_handle import Seen, ValueHandle

Then = Callable[[Seen | None, str], None]
"""Takes what is to be seen, or None and the sentence that says why there is nothing."""


class ValueRequests(QObject):
    """Asks the engine about a document's values. ``missing``: the node that a run would have to bring into memory."""

    missing = Signal(str)

    def __init__(self, session: DocumentSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._waiting: dict[int, Then] = {}
        session.hub.replied.connect(self._take)

    @property
    def waiting(self) -> int:
        """Return how many answers have not come yet."""
        return len(self._waiting)

    def ask(
        self,
        then: Then,
        *,
        node: str = "",
        output: str = "",
        handle: ValueHandle | None = None,
        form: str = "",
        options: dict[str, Any] | None = None,
        size: int = 1024,
        item: int = 0,
        other: ValueHandle | None = None,
    ) -> None:
        """Ask to see a value, by its handle or by what a node gave last; without a form an overview of it.

        With the handle of another one, ask how far the two are apart.
        """
        node, output = self.session.flattened.flat.origin(node, output) or (node, output)
        look = ViewQuery(0, self.session.id, node, output, handle, form, options or {}, size, item, other)
        self._waiting[self.session.hub.engine.look(look)] = then

    def export(
        self,
        path: Path,
        handle: ValueHandle,
        then: Callable[[str], None],
        tensor: str = "",
        form: str = "",
        options: dict[str, Any] | None = None,
    ) -> None:
        """Have a value written into a file, as the file's ending and the form say; ``then`` takes a sentence that says
        what went wrong, or nothing."""
        export = Export(0, str(path), handle, tensor, form, options or {}, self.session.id)
        request = self.session.hub.engine.export(export)
        self._waiting[request] = lambda _, error: then(error)

    def _take(self, reply: object) -> None:
        match reply:
            case ViewReply(request, view, error, run) if request in self._waiting:
                self._waiting.pop(request)(view, tr(error) if error else "")
                if run:
                    self.missing.emit(run)
            case Exported(request, error) if request in self._waiting:
                self._waiting.pop(request)(None, error)
            case WorkerLost(reason):
                waiting, self._waiting = self._waiting, {}
                for then in waiting.values():
                    then(None, reason)
