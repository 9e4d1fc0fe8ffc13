"""The app's side of the engine: a queue of jobs, and the workers that run them. Never imports torch."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.client.later import Later
from nodeflow.engine.client.machine_shares import local_places
from nodeflow.engine.client.run_models import models_of
from nodeflow.engine.client.running_worker import WorkerPlace
from nodeflow.engine.client.worker_log import WorkerLog
from nodeflow.engine.client.worker_slot import WorkerSlot
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodeMapped, NodeStarted, RunFinished
from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.messages import (
    Cancel,
    Export,
    Exported,
    ForecastRequest,
    JobEvent,
    JobInfo,
    JobState,
    NotKept,
    Pause,
    Peek,
    Peeked,
    QueueChanged,
    Refused,
    Reply,
    Request,
    Resume,
    Submit,
    ViewQuery,
    ViewReply,
    WorkerLost,
    WorkerReady,
)
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.protocol.share import Share
from nodeflow.graph.model.catalogue import Catalogue

MAX_ASKED = 100
MAX_TRIES = 3
"""Workers on other machines that a job may take with it, before it is the job's fault."""
AGAIN_SECONDS = 3.0
"""When the queue's file is tried again that another program holds, or that found no room."""
ITEMS_EACH = 2
"""Items that each worker must have of a run for others to help with it: they load its models first."""
NO_WORKER = "the engine does not run; run the workflow to see its values"


class LocalEngine:
    """Workers on this machine, one unless more are asked for, started at the first use and again when lost.

    ``tell`` is called with every reply, on any thread; it must not wait. A job that a worker took with it when it
    died ends like any other: the node that ran has failed, the run is finished, and the next job gets a new worker.
    Jobs that an earlier app left in the queue's file stay behind all others, until `resume`.

    Of several workers each runs a job of its own. One that has none helps with a run of many items (of lists and
    sweeps): what it computes, the other finds on the disk by its key, and nothing is lost with either.
    """

    def __init__(
        self,
        tell: Callable[[Reply], None],
        queue: JobQueue | None = None,
        log: WorkerLog | None = None,
        limits: Limits = Limits(),
        workers: int = 1,
        places: Sequence[WorkerPlace] = (),
    ) -> None:
        """``places``: where the workers run instead of on this machine."""
        self._tell = tell
        self._queue = queue or JobQueue()
        self.log = log or WorkerLog()
        self._lock = threading.RLock()
        self._requests = itertools.count(1)
        about = (self._lock, self._hear, self._lost)
        places = places or local_places(workers, self.log, limits)
        self._slots = [WorkerSlot(number, *about, place) for number, place in enumerate(places)]
        self._homes: dict[str, WorkerSlot] = {}
        """Who ran a document last, and so has its results in memory."""
        self._catalogue = Catalogue()
        self._unhelped: set[int] = set()
        """Running jobs with which nobody helps any more: nothing is left for them, or who helped was lost."""
        self._tries: Counter[int] = Counter()
        """How often running jobs were begun."""
        self._left = {job.job for job in self._queue.jobs}
        self._asked: dict[int, RunRequest] = {}
        """Runs that were asked for lately: one may be over before anybody who hears of it can ask what it was."""
        self._queue_kept = True
        self._again = Later(AGAIN_SECONDS, self._try_again)
        self._paused = False
        self._closed = False

    def start(self) -> None:
        """Start the workers that are not running, so that they load their libraries meanwhile; tell what waits."""
        with self._lock:
            self._check_open()
            for slot in self._slots:
                slot.start()
            self._changed()

    @property
    def pid(self) -> int:
        """The process id of the first worker; 0 while it does not run."""
        return self._slots[0].pid

    @property
    def pids(self) -> list[int]:
        """The process ids of all workers, 0 for one that does not run."""
        return [slot.pid for slot in self._slots]

    def submit(self, run: RunRequest, job: int = 0) -> int:
        """Queue a run; the number of the job, which may be one of `next_job`."""
        with self._lock:
            number = self._queue.add(run, job)
            self._asked[number] = run
            while len(self._asked) > MAX_ASKED:
                del self._asked[next(iter(self._asked))]
            if self._left:
                self._queue.move(number, len(self._queue.jobs) - 1 - len(self._left))
            self._changed()
            for slot in self._slots:
                if slot.far:
                    slot.start()
            self._next()
            return number

    def next_job(self) -> int:
        """Return the number of a job to come, at once: nothing is written and nobody is waited for."""
        return self._queue.next_number()

    def request_of(self, job: int) -> RunRequest | None:
        """Return what a job that is not done, or was asked for lately, is to do; None for any other."""
        with self._lock:
            return next((one.run for one in self._queue.jobs if one.job == job), self._asked.get(job))

    def cancel(self, job: int) -> None:
        """Stop a job at its next step, or take one that waits out of the queue."""
        with self._lock:
            if slot := self._running().get(job):
                self._tries[job] = MAX_TRIES  # where its worker is lost meanwhile, it does not begin again
                self._send_to(job, Cancel(job))
                if slot.starts:  # perhaps for ever, in the import of a pack
                    self._tell(JobEvent(job, RunFinished("cancelled", time.monotonic() - slot.began)))
                    self._done(slot)
            elif self._queue.remove(job):
                self._left.discard(job)
                self._tell(JobEvent(job, RunFinished("cancelled", 0.0)))
                self._changed()

    def move(self, job: int, place: int) -> None:
        """Put a waiting job at a place in the queue, 0 the next to run."""
        with self._lock:
            running = self._running()
            if job not in running:
                self._queue.move(job, max(place, 0) + len(running))
                self._changed()

    def pause(self) -> None:
        """Let what runs wait at its next step, and start nothing else."""
        self._hold(True)

    def resume(self) -> None:
        """Go on after a pause."""
        self._hold(False)

    def peek(self, node: str, output: str, size: int = 512, document: str = "") -> int:
        """Ask for an image of a node's last result; the number of the request, which the answer carries."""
        return self._ask(
            document,
            lambda request: Peek(request, node, output, size, document),
            lambda request: Peeked(request, ()),
        )

    def look(self, look: ViewQuery) -> int:
        """Ask to see a value; the number of the request (not that of ``look``), which the answer carries."""
        return self._ask(
            look.document,
            lambda request: msgspec.structs.replace(look, request=request),
            lambda request: ViewReply(request, error=NO_WORKER),
        )

    def export(self, export: Export) -> int:
        """Ask to write a value into a file; the number of the request, which the answer carries."""
        return self._ask(
            export.document,
            lambda request: msgspec.structs.replace(export, request=request),
            lambda request: Exported(request, NO_WORKER),
        )

    def foresee(self, run: RunRequest) -> int:
        """Ask what a run would compute; the number of the request, which the answer carries."""
        with self._lock:
            self._check_open()
            request = next(self._requests)
            self._homes.get(run.document, self._slots[0]).ask(ForecastRequest(request, run))
            return request

    def close(self) -> None:
        """End the workers. Jobs that wait stay in the queue's file; those that run do not."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._again.close()
            for job in self._running():
                self._queue.remove(job)
            ends = [slot.close() for slot in self._slots]
            self._queue.close()
        for end in ends:
            end()

    # --- asking a worker

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("this engine is closed")

    def _ask(self, document: str, ask: Callable[[int], Request], otherwise: Callable[[int], Reply]) -> int:
        """Ask who ran a document, under a new number; where nobody is there, tell what stands for the answer."""
        with self._lock:
            request = next(self._requests)
            if not self._homes.get(document, self._slots[0]).send(ask(request)):
                self._tell(otherwise(request))
            return request

    def _send_to(self, job: int, request: Request) -> None:
        """Say something to all who work on a job."""
        for slot in self._slots:
            if slot.number == job:
                slot.send(request)

    def _hold(self, paused: bool) -> None:
        with self._lock:
            self._paused = paused
            if not paused:
                self._left.clear()
            for job in self._running():
                self._send_to(job, Pause(job) if paused else Resume(job))
            self._changed()
            self._next()

    # --- the queue

    def _running(self) -> dict[int, WorkerSlot]:
        """Who runs which job; not who helps."""
        return {slot.number: slot for slot in self._slots if slot.job and not slot.helps}

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
        if self._queue.waits:
            self._again.soon()

    def _try_again(self) -> None:
        """Write the queue's file, where it can be used again; jobs that waited in it stay behind all others."""
        with self._lock:
            ours = {job.job for job in self._queue.jobs}
            if self._closed:
                return
            if not self._queue.try_again():
                self._again.soon()
                return
            self._left |= {job.job for job in self._queue.jobs} - ours
            self._changed()

    def _state(self, job: int) -> JobState:
        if job in self._running():
            return "running"
        return "left" if job in self._left else "waiting"

    def _next(self) -> None:
        """Give jobs that wait to workers that do nothing, unless the queue is paused; who then has none, helps."""
        if self._paused or self._closed:
            return
        running = self._running()
        for job in [job for job in self._queue.jobs if job.job not in self._left and job.job not in running]:
            idle = [slot for slot in self._slots if slot.free]
            if not idle:
                self._call_back()
                return
            self._begin(job, idle)
        self._help()

    def _begin(self, job: Submit, idle: list[WorkerSlot]) -> None:
        """Let a job run where its models are, of those places where nothing is done."""
        models = models_of(job.run, self._catalogue) if len(self._slots) > 1 else frozenset[str]()
        home = self._homes.get(job.run.document)
        slot = max(idle, key=lambda slot: (len(models & slot.models), slot is home, -slot.place))
        self._queue.move(job.job, len(self._running()))
        self._homes[job.run.document] = slot
        slot.models = models or slot.models
        self._tries[job.job] += 1
        slot.work(self._shared(job, 0), time.monotonic())
        self._changed()

    def _shared(self, job: Submit, place: int) -> Submit:
        share = Share(place, len(self._slots))
        return msgspec.structs.replace(job, run=msgspec.structs.replace(job.run, share=share))

    def _help(self) -> None:
        """Let workers that do nothing help with runs of many items."""
        for number, runs in self._running().items():
            if runs.items < ITEMS_EACH * len(self._slots) or number in self._unhelped or runs.job is None:
                continue
            for slot in self._slots:
                if slot.free:
                    slot.models = runs.models or slot.models
                    place = (slot.place - runs.place) % len(self._slots)
                    slot.work(self._shared(runs.job, place), time.monotonic())

    def _call_back(self) -> None:
        """Let one who helps stop, for a job that waits; it says when it has."""
        helper = next((slot for slot in self._slots if slot.helps), None)
        if helper is not None:
            helper.send(Cancel(helper.number))

    # --- what workers say

    def _hear(self, slot: WorkerSlot, reply: Reply) -> None:
        """A reply of a worker, on its thread."""
        if slot.helps and isinstance(reply, (JobEvent, Refused)):
            self._helped(slot, reply)
            return
        if isinstance(reply, (JobEvent, Refused)) and reply.job != slot.number:
            return  # a job that was cancelled before the worker was up
        self._tell(reply)
        match reply:
            case WorkerReady():
                self._catalogue = reply.catalogue
                if slot.far:
                    self._next()
            case JobEvent(_, NodeStarted(node)):
                slot.node = node
            case JobEvent(_, NodeFinished()):
                slot.node = ""
            case JobEvent(_, NodeMapped(count=count)) if count > slot.items:
                slot.items = count
                self._next()
            case JobEvent(_, RunFinished()) | Refused():
                self._done(slot)

    def _helped(self, slot: WorkerSlot, reply: JobEvent | Refused) -> None:
        """One who helped has ended, which is all that it says; unless it was called back, there is no more to do."""
        called_back = isinstance(reply, JobEvent) and getattr(reply.event, "state", "") == "cancelled"
        if not called_back and slot.number in self._running():
            self._unhelped.add(slot.number)
        slot.job = None
        self._next()

    def _lost(self, slot: WorkerSlot, reason: str) -> None:
        """A worker ended by itself. Whoever helped costs nothing: the run goes on without."""
        told: list[Reply] = [WorkerLost(reason, slot.place)]
        if slot.far and slot.job and not slot.helps and self._tries[slot.number] < MAX_TRIES:
            slot.job, slot.node = None, ""
            self._tell(told[0])
            self._next()
            return
        if slot.helps:
            self._unhelped.add(slot.number)
            slot.job = None
        if slot.job:
            told.append(JobEvent(slot.number, RunFinished("failed", time.monotonic() - slot.began)))
        if slot.job and slot.node:  # then the node says why, before all else
            told = [JobEvent(slot.number, NodeFailed(slot.node, f"{reason} while this node ran")), *told[::-1]]
        for reply in told:
            self._tell(reply)
        self._done(slot)

    def _done(self, slot: WorkerSlot) -> None:
        job, slot.job, slot.node = slot.number, None, ""
        if job:
            self._queue.remove(job)
            self._unhelped.discard(job)
            del self._tries[job]
            self._send_to(job, Cancel(job))
            self._changed()
        self._next()
