"""The runs of one document that were asked for and are not finished, handed to the engine one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nodeflow.app.model.engine_service import EngineService
from nodeflow.engine.protocol.events import RunFinished
from nodeflow.engine.protocol.messages import JobEvent
from nodeflow.graph.validate.sweeps import Sweep


class AskedRun(NamedTuple):
    """A run that was asked for, by the number of its job."""

    job: int
    title: str
    targets: tuple[str, ...]
    sweeps: tuple[Sweep, ...]


class AskedRuns:
    """Keeps their order.

    ``hand_over`` gives a run to the engine as the document stands then, and calls what it was given once that is
    written down or refused; only then the next run has its turn.
    """

    def __init__(self, hub: EngineService, hand_over: Callable[[AskedRun, Callable[[], None]], None]) -> None:
        self._hub = hub
        self._hand_over = hand_over
        self._unwritten: list[AskedRun] = []
        """The first of them is being handed over."""
        self.jobs: list[int] = []
        """Those that are not finished, in the order in which they were asked for."""

    def ask(self, run: AskedRun) -> None:
        """Take a run behind the others; it is handed over at once where none is before it."""
        self._unwritten.append(run)
        if len(self._unwritten) == 1:
            self._begin_next()

    def _begin_next(self) -> None:
        if not self._unwritten:
            return
        run = self._unwritten[0]

        def done() -> None:
            self._unwritten = [ask for ask in self._unwritten if ask.job != run.job]
            self._begin_next()

        self._hand_over(run, done)

    def refused(self, job: int) -> None:
        """End a run that was refused, and with it those behind it that are not written down: they would be too."""
        if any(ask.job == job for ask in self._unwritten):
            behind = [ask.job for ask in self._unwritten if ask.job != job]
            self._unwritten = []
            for other in behind:
                self._tell_cancelled(other)
        self.jobs.remove(job)

    def cancel_current(self) -> None:
        """Stop the run that is going on, or that is the next; those behind it stay in the queue."""
        going = [info.job for info in self._hub.jobs if info.state == "running" and info.job in self.jobs]
        for job in (going or self.jobs)[:1]:
            place = next((at for at, ask in enumerate(self._unwritten) if ask.job == job), None)
            if place is None:
                self._hub.engine.cancel(job)
            elif place == 0:
                self._hub.cancel_once_written(job)
            else:
                del self._unwritten[place]
                self._tell_cancelled(job)

    def cancel(self) -> None:
        """Stop all at their next step; what is finished stays."""
        for ask in self._unwritten[1:]:
            self._tell_cancelled(ask.job)
        begun = self._unwritten[:1]
        self._unwritten = begun
        for job in tuple(self.jobs):
            (self._hub.cancel_once_written if begun else self._hub.engine.cancel)(job)

    def _tell_cancelled(self, job: int) -> None:
        self._hub.replied.emit(JobEvent(job, RunFinished("cancelled", 0.0)))
