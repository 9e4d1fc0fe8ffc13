"""Queue and history of the prompts that scripts posted, each a job of the engine's queue."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Protocol

from nodeflow.engine.protocol.events import RunFinished
from nodeflow.engine.protocol.messages import JobEvent, QueueChanged, Refused, Reply, WorkerLost
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.service.folders import ServedFolders
from nodeflow.service.progress import Message, Progress
from nodeflow.service.prompts import Prepared, PromptRequest
from nodeflow.service.refusals import refused

WAITING_LIMIT = 1_000
"""Prompts that wait at a time."""
HISTORY_LIMIT = 1_000
"""Prompts that are remembered once they have ended."""


class Engine(Protocol):
    """The part of the engine that the service needs."""

    def submit(self, run: RunRequest, job: int = 0) -> int: ...
    def next_job(self) -> int: ...
    def cancel(self, job: int) -> None: ...
    def move(self, job: int, place: int) -> None: ...


class PromptQueue:
    """All prompts by id. ``tell`` hears each message with the client it is for; for all where that is empty.

    Its methods are called on one thread; `submit` and `cancel` of the engine are left to whoever calls, since they
    may wait for a disk.
    """

    def __init__(self, engine: Engine, folders: ServedFolders, tell: Callable[[str, Message], None]) -> None:
        self._engine, self._folders, self._tell = engine, folders, tell
        self._open: dict[int, Progress] = {}
        """Prompts that have not ended, by job, in the order in which they run."""
        self._ended: dict[str, Progress] = {}
        self._count = 0

    def add(self, asked: PromptRequest, prepared: Prepared) -> Progress:
        """Take a prompt in, under a new job that is then to be submitted. Raises RefusedError where too many wait."""
        if len(self._open) >= WAITING_LIMIT:
            raise refused(429, "queue_full", f"{WAITING_LIMIT} prompts wait already; post this one later")
        self._count += 1
        number = asked.number if asked.number is not None else float(-self._count if asked.front else self._count)
        id = asked.prompt_id or str(uuid.uuid4())
        if id in self._ended or any(one.id == id for one in self._open.values()):
            raise refused(400, "invalid_prompt_id", f"there is a prompt {id!r} already; give another prompt_id")
        found = Progress(id, number, self._engine.next_job(), asked, prepared, self._folders)
        self._open[found.job] = found
        self._tell_status()
        return found

    def leave_out(self, progress: Progress) -> None:
        """Forget a prompt that could not be handed to the engine."""
        self._open.pop(progress.job, None)
        self._tell_status()

    def hear(self, reply: Reply) -> None:
        """Learn from what the engine says."""
        match reply:
            case JobEvent(job, event) if progress := self._open.get(job):
                self._pass_on(progress, progress.take(event))
                if isinstance(event, RunFinished):
                    self._end(progress)
            case Refused(job, problems) if progress := self._open.get(job):
                self._pass_on(progress, progress.refuse(problems))
                self._end(progress)
            case WorkerLost(reason):
                for progress in self._open.values():
                    if progress.state == "running":
                        progress.lost(reason)
            case QueueChanged(jobs):
                order = {info.job: place for place, info in enumerate(jobs)}
                self._open = dict(sorted(self._open.items(), key=lambda one: order.get(one[0], len(order))))

    def of_client(self, client: str) -> Progress | None:
        """Return the prompt of a client that runs now."""
        running = (one for one in self._open.values() if one.state == "running")
        return next((one for one in running if one.asked.client_id == client), None)

    def jobs(self, ids: list[str] | None = None, running: bool = False) -> list[int]:
        """Return the jobs of prompts that run, or of those that wait: of these ids, or of all."""
        found = (one for one in self._open.values() if (one.state == "running") == running)
        return [one.job for one in found if ids is None or one.id in ids]

    @property
    def remaining(self) -> int:
        """How many prompts have not ended."""
        return len(self._open)

    def status(self) -> dict[str, Any]:
        """Return how many prompts have not ended, in ComfyUI's form."""
        return {"exec_info": {"queue_remaining": self.remaining}}

    def listed(self) -> dict[str, Any]:
        """Return what runs and what waits, in ComfyUI's form."""
        found = list(self._open.values())
        return {
            "queue_running": [one.listed() for one in found if one.state == "running"],
            "queue_pending": [one.listed() for one in found if one.state != "running"],
        }

    def history(self, id: str = "", most: int | None = None, offset: int = -1) -> dict[str, Any]:
        """Return what became of one prompt, or of the last ``most``, from the ``offset``-th on."""
        if id:
            return {id: self._ended[id].entry()} if id in self._ended else {}
        found = list(self._ended.values())
        if most is not None:
            begin = len(found) - most if offset < 0 else offset
            found = found[max(begin, 0) : max(begin, 0) + most]
        return {one.id: one.entry() for one in found}

    def forget(self, ids: list[str] | None = None) -> None:
        """Take prompts, or all, out of the history. Their files stay."""
        for id in list(self._ended) if ids is None else ids:
            self._ended.pop(id, None)

    def _end(self, progress: Progress) -> None:
        """Put a prompt into the history; one that was taken out of the queue, where it waited, leaves no trace."""
        self._open.pop(progress.job, None)
        if progress.begun:
            self._ended[progress.id] = progress
        while len(self._ended) > HISTORY_LIMIT:
            self._ended.pop(next(iter(self._ended)))
        self._tell_status()

    def _pass_on(self, progress: Progress, messages: list[Message]) -> None:
        """Tell the client of a prompt; one without a client is followed by nobody."""
        for message in messages if progress.asked.client_id else ():
            self._tell(progress.asked.client_id, message)

    def _tell_status(self) -> None:
        self._tell("", Message("status", {"status": self.status()}))
