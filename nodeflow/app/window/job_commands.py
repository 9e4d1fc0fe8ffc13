"""Jobs of the queue and the documents they came from: a job is opened as a document, or belongs to one again."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from nodeflow.app.i18n.texts import sentences
from nodeflow.app.model.past_jobs import PastJobs
from nodeflow.app.window.tabs import Tabs
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import WorkflowError


class JobCommands(QObject):
    """Listens to what becomes of jobs in the queue's panel."""

    def __init__(self, past: PastJobs, tabs: Tabs, parent: QObject) -> None:
        super().__init__(parent)
        self._tabs = tabs
        past.came_back.connect(self._belongs)

    def open(self, request: RunRequest) -> None:
        """Open what a job was asked to do as a document of its own, to be changed and run."""
        front = self._tabs.front
        try:
            workflow = files.loads(request.workflow)
        except WorkflowError as error:
            front.toast.say(sentences(error))
            return
        tab = self._tabs.free()
        name = self.tr("{0} (from the queue)").format(request.title or self.tr("Untitled"))
        tab.session.show_recovered(workflow, None, Path(request.base), name)
        self._tabs.setCurrentWidget(tab)
        tab.toast.tell(self.tr("Change it, and press Run: it goes into the queue again."))

    def _belongs(self, job: int, request: object) -> None:
        """A job that came back is shown on the document that it is of, where that is open."""
        assert isinstance(request, RunRequest)
        found = next((tab.session for tab in self._tabs if tab.session.id == request.document), None)
        if found is not None:
            found.take_job(job, request)
