"""The app's side of the engine: a queue of jobs, and the worker process that runs them. Never imports torch."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

import msgspec

from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.client.worker_log import WorkerLog
from nodeflow.engine.client.worker_process import WorkerProcess
from nodeflow.engine.protocol.events import (
    Cancel,
    Export,
    Exported,
    ForecastRequest,
    JobEvent,
    JobInfo,
    JobState,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    NotKept,
    Pause,
    Peek,
    Peeked,
    QueueChanged,
    Refused,
    Reply,
    Request,
    Resume,
    RunFinished,
    ViewQuery,
    ViewReply,
    WorkerLost,
    WorkerReady,
)
from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.run_request import RunRequest

MAX_STARTS = 4
"""Workers that are started one after the other where none comes up."""
NO_WORKER = "the engine does not run; run the workflow to see its values"


class LocalEngine:
    """One worker process on this machine, started at the first use and again after it was lost.

    ``tell`` is called with every reply, on any thread; it must not wait. A job that the worker took with it when it
    died ends like any other: the node that ran has failed, the run is finished, and the next job gets a new worker.
    Jobs that an earlier app left in the queue's file stay behind all others, until `resume`.
    """

    def __init__(
        self,
        tell: Callable[[Reply], None],
        queue: JobQueue | None = None,
        log: WorkerLog | None = None,
        limits: Limits = Limits(),
    ) -> None:
        self._tell, self._limits = tell, limits
        self._queue = queue or JobQueue()
        self.log = log or WorkerLog()
        self._lock = threading.RLock()
        self._requests = itertools.count(1)
        self._worker: WorkerProcess | None = None
        self._ready, self._starts = False, 0
        """Whether the worker is up, and how many were started since one was."""
        self._asked: dict[int, ForecastRequest] = {}
        """What a worker that is not up yet was asked."""
        self._job = 0
        """The job that runs, and the node that it computes."""
        self._node = ""
        self._began = 0.0
        self._left = {job.job for job in self._queue.jobs}
        self._queue_kept = True
        self._paused = False
        self._closed = False

    def start(self) -> None:
        """Start the worker where it is not running, so that it loads its libraries meanwhile; tell what waits."""
        with self._lock:
            self._need()
            self._changed()

    @property
    def pid(self) -> int:
        """The process id of the worker; 0 while none runs."""
        worker = self._worker
        return worker.pid if worker else 0

    def submit(self, run: RunRequest, job: int = 0) -> int:
        """Queue a run; the number of the job, which may be one of `next_job`."""
        with self._lock:
            number = self._queue.add(run, job)
            if self._left:
                self._queue.move(number, len(self._queue.jobs) - 1 - len(self._left))
            self._changed()
            self._next()
            return number

    def next_job(self) -> int:
        """Return the number of a job to come, at once: nothing is written and nobody is waited for."""
        return self._queue.next_number()

    def cancel(self, job: int) -> None:
        """Stop a job at its next step, or take one that waits out of the queue."""
        with self._lock:
            if job == self._job and self._worker:
                self._worker.send(Cancel(job))
            elif job != self._job and self._queue.remove(job):
                self._left.discard(job)
                self._tell(JobEvent(job, RunFinished("cancelled", 0.0)))
                self._changed()

    def move(self, job: int, place: int) -> None:
        """Put a waiting job at a place in the queue, 0 the next to run."""
        with self._lock:
            if job != self._job:
                self._queue.move(job, max(place, 0) + (1 if self._job else 0))
                self._changed()

    def pause(self) -> None:
        """Let the running job wait at its next step, and start no other."""
        self._hold(True)

    def resume(self) -> None:
        """Go on after a pause."""
        self._hold(False)

    def peek(self, node: str, output: str, size: int = 512, document: str = "") -> int:
        """Ask for an image of a node's last result; the number of the request, which the answer carries."""
        return self._ask(
            lambda request: Peek(request, node, output, size, document),
            lambda request: Peeked(request, ()),
        )

    def look(self, look: ViewQuery) -> int:
        """Ask to see a value; the number of the request (not that of ``look``), which the answer carries."""
        return self._ask(
            lambda request: msgspec.structs.replace(look, request=request),
            lambda request: ViewReply(request, error=NO_WORKER),
        )

    def export(self, export: Export) -> int:
        """Ask to write a value into a file; the number of the request, which the answer carries."""
        return self._ask(
            lambda request: msgspec.structs.replace(export, request=request),
            lambda request: Exported(request, NO_WORKER),
        )

    def foresee(self, run: RunRequest) -> int:
        """Ask what a run would compute; the number of the request, which the answer carries."""
        with self._lock:
            request = next(self._requests)
            worker, asked = self._need(), ForecastRequest(request, run)
            if not self._ready:
                self._asked[request] = asked
            worker.send(asked)
            return request

    def close(self) -> None:
        """End the worker. Jobs that wait stay in the queue's file; the running one does not."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            worker, self._worker = self._worker, None
            self._queue.remove(self._job)
            self._queue.close()
        if worker:
            worker.close()

    def _ask(self, ask: Callable[[int], Request], otherwise: Callable[[int], Reply]) -> int:
        """Ask the worker, under a new number; where none runs, tell what stands for its answer."""
        with self._lock:
            request = next(self._requests)
            if self._worker:
                self._worker.send(ask(request))
            else:
                self._tell(otherwise(request))
            return request

    def _hold(self, paused: bool) -> None:
        with self._lock:
            self._paused = paused
            if not paused:
                self._left.clear()
            if self._job and self._worker:
                self._worker.send(Pause(self._job) if paused else Resume(self._job))
            self._changed()
            self._next()

    def _changed(self) -> None:
        jobs = tuple(
            JobInfo(job.job, job.run.title, self._state(job.job), job.run.document, job.run.about)
            for job in self._queue.jobs
        )
        kept = self._queue.kept
        for sentence in self._queue.new_troubles():
            self._tell(NotKept("queue", sentence, not kept))
        if kept and not self._queue_kept:
            self._tell(NotKept("queue", "", False))
        self._queue_kept = kept
        self._tell(QueueChanged(jobs, self._paused))

    def _state(self, job: int) -> JobState:
        if job == self._job:
            return "running"
        return "left" if job in self._left else "waiting"

    def _need(self) -> WorkerProcess:
        if self._closed:
            raise RuntimeError("this engine is closed")
        if self._worker is None:
            self._ready, self._starts = False, self._starts + 1
            self._worker = WorkerProcess(self._hear, self._lost, self.log, self._limits)
        return self._worker

    def _next(self) -> None:
        """Start the first job that waits, unless one runs or the queue is paused."""
        job = next((job for job in self._queue.jobs if job.job not in self._left), None)
        if job and not self._job and not self._paused:
            worker = self._need()
            self._queue.move(job.job, 0)
            self._job, self._node, self._began = job.job, "", time.monotonic()
            worker.send(job)
            self._changed()

    def _hear(self, worker: WorkerProcess, reply: Reply) -> None:
        """A reply of the worker, on its thread."""
        with self._lock:
            if worker is not self._worker:
                return
            self._tell(reply)
            match reply:
                case WorkerReady():
                    self._ready, self._starts = True, 0
                    self._asked.clear()
                case JobEvent(_, NodeStarted(node)):
                    self._node = node
                case JobEvent(_, NodeFinished()):
                    self._node = ""
                case JobEvent(_, RunFinished()) | Refused():
                    self._done()

    def _lost(self, worker: WorkerProcess, reason: str) -> None:
        """The worker ended by itself, on its thread."""
        with self._lock:
            if worker is not self._worker:
                return
            self._worker = None
            if not self._ready and self._starts < MAX_STARTS:
                self._start_again()
                return
            self._starts = 0
            told: list[Reply] = [WorkerLost(reason)]
            if self._job:
                told.append(JobEvent(self._job, RunFinished("failed", time.monotonic() - self._began)))
            if self._job and self._node:  # then the node says why, before all else
                told = [JobEvent(self._job, NodeFailed(self._node, f"{reason} while this node ran")), *told[::-1]]
            for reply in told:
                self._tell(reply)
            if self._job:
                self._done()

    def _start_again(self) -> None:
        """A worker that never came up took nothing with it: perhaps a pack ended it, which the next leaves out."""
        worker = self._need()
        for request in self._asked.values():
            worker.send(request)
        job = next((job for job in self._queue.jobs if job.job == self._job), None)
        if job is not None:
            worker.send(job)

    def _done(self) -> None:
        self._queue.remove(self._job)
        self._job, self._node = 0, ""
        self._changed()
        self._next()
