"""A workflow that is being worked on: applies edits and tells who watches."""

from __future__ import annotations

from collections.abc import Callable

from nodeflow.graph.edits.edits import Edit, steps
from nodeflow.graph.model.workflow import Workflow

Listener = Callable[[Edit], None]


class Document:
    """Holds the one truth of what is edited. Views subscribe and are told of each plain edit after it happened.

    ``revision`` grows by one with every applied edit.
    """

    def __init__(self, workflow: Workflow | None = None) -> None:
        self.workflow = workflow if workflow is not None else Workflow()
        self.revision = 0
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after each plain edit; call what is returned to stop that, once or more often."""
        self._listeners.append(listener)

        def leave() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return leave

    def leave_listeners(self) -> None:
        """Tell nobody any more of edits."""
        self._listeners.clear()

    def apply(self, edit: Edit) -> Edit:
        """Apply an edit, tell the listeners, and return the edit that takes it back."""
        inverse = edit.apply(self.workflow)
        self.revision += 1
        for step in steps(edit):
            for listener in tuple(self._listeners):
                listener(step)
        return inverse
