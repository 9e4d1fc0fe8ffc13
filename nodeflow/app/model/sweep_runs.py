"""Sweeps that run: what each wrote is gathered, and laid out on a sheet when it is done. No widgets."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.qt.background import Background
from nodeflow.engine.protocol.events import RunFinished
from nodeflow.engine.protocol.messages import JobEvent, Refused
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.validate.sweeps import Sweep
from nodeflow.reports.sweep_sheet import SheetWords, SweepSheet


class SweepRuns(QObject):
    """Runs sweeps, and writes their sheets beside the images; the hub tells of them with ``made``."""

    def __init__(self, hub: EngineService, background: Background) -> None:
        super().__init__(hub)
        self._hub, self._background = hub, background
        self._sheets: dict[int, tuple[SweepSheet, Path, Workflow]] = {}
        hub.replied.connect(self._take)

    def run(self, session: DocumentSession, sweeps: tuple[Sweep, ...]) -> None:
        """Hand a run of the workflow with these sweeps to the engine, where nothing stands in its way."""
        workflow = session.workflow.copy()
        job = session.run(sweeps=sweeps)
        if job:
            self._sheets[job] = SweepSheet(self._words()), self._hub.output, workflow

    def take_over(self, other: SweepRuns) -> None:
        """Gather what comes of the sweeps that another one began."""
        self._sheets.update(other._sheets)
        other._sheets.clear()

    def _take(self, reply: object) -> None:
        match reply:
            case JobEvent(job, event) if job in self._sheets:
                self._sheets[job][0].add(event)
                if isinstance(event, RunFinished):
                    self._write(*self._sheets.pop(job))
            case Refused(job):
                self._sheets.pop(job, None)

    def _words(self) -> SheetWords:
        return SheetWords(empty=self.tr("(empty)"), failed=self.tr("failed"), not_made=self.tr("not made"))

    def _write(self, sheet: SweepSheet, folder: Path, workflow: Workflow) -> None:
        self._background.run(
            lambda: sheet.write(folder, files.dumps(workflow)),
            lambda paths: self._hub.made.emit([Path(path) for path in paths]),
            lambda error: self._hub.trouble.emit(self.tr("Cannot write the sheet of the sweep: {0}").format(error)),
            owner=self,
        )
