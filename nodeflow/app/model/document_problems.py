"""What stands in the way of a document's run, which models it lacks, and which its nodes do not load."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.run_obstacles import run_obstacles
from nodeflow.graph.model.document import Document
from nodeflow.graph.model.workflow import Problem

QUIET_MS = 150


class DocumentProblems:
    """Holds both as they were told last; ``changed`` is called when one of them is another.

    What was wrong and has been put right is wrong no longer: `edited` has it looked at again, a moment later.
    """

    def __init__(
        self, hub: EngineService, owner: QObject, document: Callable[[], Document], changed: Callable[[], object]
    ) -> None:
        self._hub, self._owner, self._document, self._changed = hub, owner, document, changed
        self.found: list[Problem] = []
        self.missing: list[Problem] = []
        """Models that are not on this computer; a run is tried all the same."""
        self.unfit: list[Problem] = []
        """Models that are here, and that their nodes do not load; a run is tried all the same."""
        self._soon = QTimer(owner, interval=QUIET_MS, singleShot=True)
        self._soon.timeout.connect(self._check_again)

    def show(self, problems: list[Problem]) -> None:
        """Take what keeps the document from being run."""
        if problems != self.found:
            self.found = problems
            self._changed()

    def show_missing(self, missing: list[Problem]) -> None:
        """Take which models are not on this computer."""
        if missing != self.missing:
            self.missing = missing
            self._changed()

    def show_unfit(self, unfit: list[Problem]) -> None:
        """Take which models their nodes do not load."""
        if unfit != self.unfit:
            self.unfit = unfit
            self._changed()

    def clear(self) -> None:
        """Know of none: another document is there."""
        self.show([])
        self.show_missing([])
        self.show_unfit([])

    def edited(self) -> None:
        """The document is another now."""
        if self.found:
            self._soon.start()

    def _check_again(self) -> None:
        document = self._document()
        workflow = document.workflow.copy()

        def tell(problems: list[Problem]) -> None:
            if self.found and document is self._document():
                self.show(problems)

        self._hub.meanwhile(lambda: run_obstacles(workflow, self._hub), tell, self._owner)
