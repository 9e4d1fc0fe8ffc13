"""One place for a worker, started when needed and again after it was lost, and what it does now."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from nodeflow.engine.client.running_worker import RunningWorker, WorkerPlace
from nodeflow.engine.protocol.messages import (
    ForecastRequest,
    Heartbeat,
    Importing,
    Reply,
    Request,
    Submit,
    WorkerReady,
    WorkerSilent,
)

MAX_STARTS = 4
"""Workers that are started one after the other where none comes up."""


class WorkerSlot:
    """Holds at most one worker. ``hear`` and ``lost`` are called under the engine's lock, on any thread.

    A worker that never came up took nothing with it: perhaps a pack ended it, which the next leaves out. So it is
    started again, and asked again what it was asked.
    """

    def __init__(
        self,
        place: int,
        lock: threading.RLock,
        hear: Callable[[WorkerSlot, Reply], None],
        lost: Callable[[WorkerSlot, str], None],
        where: WorkerPlace,
    ) -> None:
        self.place = place
        self._lock, self._hear, self._lost, self._where = lock, hear, lost, where
        self._worker: RunningWorker | None = None
        self._ready, self._starts = False, 0
        """Whether the worker is up, and how many were started since one was."""
        self._asked: dict[int, ForecastRequest] = {}
        """What a worker that is not up yet was asked."""
        self.job: Submit | None = None
        """What it works on."""
        self.node, self.began = "", 0.0
        """The node that it computes, and when it began with the job."""
        self.items = 0
        """Items of the node of the job that has most."""
        self.models: frozenset[str] = frozenset()
        """The models that its last run read."""

    @property
    def pid(self) -> int:
        """The process id of the worker; 0 while none runs."""
        worker = self._worker
        return worker.pid if worker else 0

    @property
    def far(self) -> bool:
        """Whether it runs on another machine, perhaps."""
        return self._where.far

    @property
    def starts(self) -> bool:
        """Whether its worker is not up yet, and so takes no notice of anything."""
        return self._worker is not None and not self._ready and not self.far

    @property
    def free(self) -> bool:
        """Whether it may be handed a job now."""
        return self.job is None and (self._ready or not self.far)

    @property
    def number(self) -> int:
        """The number of the job that it works on; 0 while it does nothing."""
        return self.job.job if self.job else 0

    @property
    def helps(self) -> bool:
        """Whether it helps with a job that another one runs."""
        return self.job is not None and self.job.run.share.helps

    def start(self) -> RunningWorker:
        """Return the worker, started where none is."""
        if self._worker is None:
            self._ready, self._starts = False, self._starts + 1
            self._worker = self._where.start(self._take, self._ended)
        return self._worker

    def send(self, request: Request) -> bool:
        """Hand over a request; whether there is a worker to take it."""
        if self._worker:
            self._worker.send(request)
        return self._worker is not None

    def ask(self, request: ForecastRequest) -> None:
        """Ask what a run would compute, of a worker that is started where none is."""
        worker = self.start()
        if not self._ready:
            self._asked[request.request] = request
        worker.send(request)

    def work(self, job: Submit, began: float) -> None:
        """Begin with a job."""
        self.job, self.node, self.began, self.items = job, "", began, 0
        self.start().send(job)

    def close(self) -> Callable[[], None]:
        """Let the worker go; what is returned ends it, and takes a moment."""
        worker, self._worker = self._worker, None
        return worker.close if worker else lambda: None

    def _take(self, worker: RunningWorker, reply: Reply) -> None:
        """A reply of the worker, on its thread."""
        with self._lock:
            if worker is not self._worker:
                return
            if isinstance(reply, WorkerReady):
                self._ready, self._starts = True, 0
                self._asked.clear()
            if self.place and isinstance(reply, (WorkerReady, Heartbeat, Importing, WorkerSilent)):
                reply = msgspec.structs.replace(reply, worker=self.place)
            self._hear(self, reply)

    def _ended(self, worker: RunningWorker, reason: str) -> None:
        """The worker ended by itself, on its thread."""
        with self._lock:
            if worker is not self._worker:
                return
            self._worker = None
            was_up, self._ready = self._ready, False
            if not was_up and not self.far and self._starts < MAX_STARTS:
                again = self.start()
                for request in (*self._asked.values(), *((self.job,) if self.job else ())):
                    again.send(request)
                return
            self._starts = 0
            if was_up and self.far:
                self.start()
            self._lost(self, reason)
