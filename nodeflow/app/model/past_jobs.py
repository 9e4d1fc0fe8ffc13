"""Jobs of this session that are over, or were taken out of the queue: how they ended, and what asks for them again."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Literal

import msgspec
from PySide6.QtCore import QObject, Signal

from nodeflow.app.model.engine_service import EngineService
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, RunFinished
from nodeflow.engine.protocol.messages import JobEvent
from nodeflow.engine.protocol.run_request import RunRequest

MAX_PAST = 200
"""Jobs that are remembered."""
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif")
Outcome = Literal["done", "failed", "cancelled"]


class PastJob(msgspec.Struct):
    """A job that is over: how it ended, after how many seconds, why where it failed, and the last image it wrote.

    ``taken_out``: it never ran.
    """

    job: int
    request: RunRequest
    outcome: Outcome = "done"
    seconds: float = 0.0
    reason: str = ""
    picture: Path | None = None
    taken_out: bool = False


class TakenOut(msgspec.Struct, frozen=True):
    """A job that a person took out of the queue, and its place there among those that wait."""

    request: RunRequest
    place: int


class PastJobs(QObject):
    """``changed``: another job is over. ``came_back``: one was put back into the queue, under a new number.
    ``ended``: a job that ran is over."""

    changed = Signal()
    came_back = Signal(int, object)
    ended = Signal(object)

    def __init__(self, hub: EngineService) -> None:
        super().__init__(hub)
        self._hub = hub
        self.past: deque[PastJob] = deque(maxlen=MAX_PAST)
        """The newest first."""
        self._known: dict[int, PastJob] = {}
        self._begun: set[int] = set()
        self.undoable: list[tuple[TakenOut, ...]] = []
        """What was taken out in one go, the last at the end."""
        hub.queue_changed.connect(self._note)
        hub.replied.connect(self._take)

    def take_over(self, other: PastJobs) -> None:
        """Go on where another one, which is told no longer, stops."""
        self.past, self.undoable = other.past, other.undoable
        self._known, self._begun = {**other._known, **self._known}, other._begun | self._begun
        self.changed.emit()

    def request(self, job: int) -> RunRequest | None:
        """What a job was asked to do; None where it is not known."""
        found = self._known.get(job) or next((past for past in self.past if past.job == job), None)
        return found.request if found is not None else None

    def take_out(self, jobs: list[int]) -> None:
        """Take jobs out of the queue, or stop those that run. What waited can be put back."""
        waiting = [info.job for info in self._hub.jobs if info.state != "running"]
        found = [
            TakenOut(known.request, waiting.index(job))
            for job in waiting
            if job in jobs and (known := self._known.get(job)) is not None
        ]
        if found:
            self.undoable.append(tuple(found))
        for job in jobs:
            self._hub.engine.cancel(job)
        self.changed.emit()

    def put_back(self) -> None:
        """Put what was taken out last back into the queue, each job at its place."""
        if not self.undoable:
            return
        taken = self.undoable.pop()
        for one in taken:
            job = self._ask(one.request)
            self._hub.engine.move(job, one.place)
        gone = [one.request for one in taken]
        self.past = deque((p for p in self.past if not (p.taken_out and p.request in gone)), maxlen=MAX_PAST)
        self.changed.emit()

    def repeat(self, request: RunRequest) -> int:
        """Ask for a job once more; its number."""
        return self._ask(request)

    def _ask(self, request: RunRequest) -> int:
        job = self._hub.next_job()
        self.came_back.emit(job, request)
        self._hub.engine.submit(request, job)
        return job

    def _note(self) -> None:
        """Remember what the jobs of the queue are to do, as long as the queue knows."""
        for info in self._hub.jobs:
            if info.job not in self._known:
                request = self._hub.engine.request_of(info.job)
                if request is not None:
                    self._known[info.job] = PastJob(info.job, request)
            if info.state == "running":
                self._begun.add(info.job)

    def _take(self, reply: object) -> None:
        match reply:
            case JobEvent(job, NodeFailed(node, error)) if job in self._known:
                known = self._known[job]
                known.reason = known.reason or f"{node}: {error}"
            case JobEvent(job, NodeFinished(files=files)) if job in self._known and files:
                pictures = [Path(file) for file in files if file.lower().endswith(PICTURES)]
                if pictures:
                    self._known[job].picture = pictures[-1]
            case JobEvent(job, RunFinished(state, seconds)) if job in self._known:
                self._end(self._known.pop(job), state, seconds)

    def _end(self, known: PastJob, state: Outcome, seconds: float) -> None:
        known.outcome, known.seconds = state, seconds
        known.taken_out = state == "cancelled" and known.job not in self._begun
        self._begun.discard(known.job)
        self.past.appendleft(known)
        if not known.taken_out:
            self.ended.emit(known)
        self.changed.emit()
