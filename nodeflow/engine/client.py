"""The app's side of the worker process: submit, cancel, peek. Never imports torch."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import queue
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

import msgspec

from nodeflow.engine.events import (
    Cancel,
    Close,
    JobEvent,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Peek,
    Refused,
    Reply,
    Request,
    RunFinished,
    Submit,
    WorkerLost,
)
from nodeflow.system import wait_politely


class Engine(Protocol):
    """Where workflows are evaluated: a local worker process, or later a cluster."""

    def submit(self, workflow: bytes, base: Path, output: Path, targets: tuple[str, ...] = ()) -> int:
        """Queue a run of a workflow's file; the number of the job."""
        ...

    def cancel(self, job: int) -> None:
        """Stop a job at its next step."""
        ...

    def peek(self, node: str, output: str, size: int = 512) -> int:
        """Ask for a picture of a node's last result; the number of the request, which the answer carries."""
        ...

    def close(self) -> None:
        """End the worker."""
        ...


class LocalEngine:
    """One worker process on this machine, started at the first use and again after it was lost.

    ``tell`` is called with every reply, on a thread of this engine. A job that the worker took with it when it died
    ends like any other: the node that ran has failed, and the run is finished. Nothing here waits for the worker to
    take a request: a thread writes them, for a pipe is full while a worker that starts does not read yet.
    """

    def __init__(self, tell: Callable[[Reply], None]) -> None:
        self._tell = tell
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._outbox: queue.SimpleQueue[Request | Connection | None] = queue.SimpleQueue()
        threading.Thread(target=self._write, name="nodeflow requests", daemon=True).start()
        self._pipe: Connection | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._closed = False
        self._open: dict[int, str] = {}
        """Jobs that are not finished, and the node that each computes."""

    def start(self) -> None:
        """Start the worker where it is not running, so that it loads its libraries meanwhile."""
        with self._lock:
            self._connect()

    @property
    def pid(self) -> int:
        """The process id of the worker; 0 while none runs."""
        return (self._process.pid or 0) if self._process else 0

    def submit(self, workflow: bytes, base: Path, output: Path, targets: tuple[str, ...] = ()) -> int:
        job = next(self._numbers)
        self._outbox.put(Submit(job, workflow, str(base), str(output), targets))
        return job

    def cancel(self, job: int) -> None:
        self._outbox.put(Cancel(job))

    def peek(self, node: str, output: str, size: int = 512) -> int:
        request = next(self._numbers)
        self._outbox.put(Peek(request, node, output, size))
        return request

    def close(self) -> None:
        with self._lock:
            self._closed = True
            process, pipe = self._process, self._pipe
            self._process = self._pipe = None
        self._outbox.put(pipe)
        if process is not None:
            process.join(2)
            if process.is_alive():
                process.kill()
                process.join(2)

    def _write(self) -> None:
        """Hand requests to the worker in order, until the engine is closed: then the pipe to close comes."""
        while isinstance(request := self._outbox.get(), Request):
            with self._lock:
                if self._closed:
                    continue
                pipe = self._connect()
                if isinstance(request, Submit):
                    self._open[request.job] = ""
            with contextlib.suppress(OSError):  # a worker that just died: its reader ends what was sent
                pipe.send_bytes(msgspec.msgpack.encode(request))
        if request is not None:
            with contextlib.suppress(OSError):
                request.send_bytes(msgspec.msgpack.encode(Close()))

    def _connect(self) -> Connection:
        if self._closed:
            raise RuntimeError("this engine is closed")
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), name="nodeflow worker", daemon=True)
            process.start()
            theirs.close()
            self._pipe, self._process = ours, process
            threading.Thread(target=self._listen, args=(ours, process), name="nodeflow replies", daemon=True).start()
        return self._pipe

    def _listen(self, pipe: Connection, process: multiprocessing.process.BaseProcess) -> None:
        decoder = msgspec.msgpack.Decoder(Reply)
        while True:
            try:
                reply = decoder.decode(pipe.recv_bytes())
            except (EOFError, OSError):
                break
            self._note(reply)
            self._tell(reply)
        process.join(2)
        with self._lock:
            if self._process is process:
                self._pipe = self._process = None
            closed, lost, self._open = self._closed, self._open, {}
        if not closed:
            reason = f"the engine's worker process ended ({_cause(process.exitcode)})"
            for job, node in lost.items():
                if node:
                    self._tell(JobEvent(job, NodeFailed(node, f"{reason} while this node ran")))
                self._tell(JobEvent(job, RunFinished("failed", 0.0)))
            self._tell(WorkerLost(reason))

    def _note(self, reply: Reply) -> None:
        match reply:
            case JobEvent(job, NodeStarted(node)):
                self._open[job] = node
            case JobEvent(job, NodeFinished()):
                self._open[job] = ""
            case JobEvent(job, RunFinished()) | Refused(job):
                self._open.pop(job, None)


def _cause(code: int | None) -> str:
    """What an exit code says, in words."""
    words = {-9: "it was killed, perhaps for want of memory", -11: "it crashed in native code", -6: "it aborted"}
    return words.get(code or 0, f"exit code {code}")


def _work(pipe: Connection) -> None:
    wait_politely()
    from nodeflow.engine.worker import serve

    serve(pipe)
