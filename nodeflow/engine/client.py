"""The app's side of the worker process: submit, cancel, peek. Never imports torch."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

import msgspec

from nodeflow.engine.events import Cancel, Close, Peek, Reply, Request, Submit, WorkerLost


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

    ``tell`` is called with every reply, on a thread of this engine.
    """

    def __init__(self, tell: Callable[[Reply], None]) -> None:
        self._tell = tell
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._pipe: Connection | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._closed = False

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
        self._send(Submit(job, workflow, str(base), str(output), targets))
        return job

    def cancel(self, job: int) -> None:
        self._send(Cancel(job))

    def peek(self, node: str, output: str, size: int = 512) -> int:
        request = next(self._numbers)
        self._send(Peek(request, node, output, size))
        return request

    def close(self) -> None:
        with self._lock:
            self._closed = True
            process, pipe = self._process, self._pipe
            self._process = self._pipe = None
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.send_bytes(msgspec.msgpack.encode(Close()))
        if process is not None:
            process.join(2)
            if process.is_alive():
                process.kill()
                process.join(2)

    def _send(self, request: Request) -> None:
        data = msgspec.msgpack.encode(request)
        with self._lock:
            try:
                self._connect().send_bytes(data)
            except OSError:  # the worker died a moment ago: its reader reports that, a new one takes the request
                self._pipe = None
                self._connect().send_bytes(data)

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
                data = pipe.recv_bytes()
            except (EOFError, OSError):
                break
            self._tell(decoder.decode(data))
        with self._lock:
            lost = not self._closed and self._process is process
            if lost:
                self._pipe = self._process = None
        process.join(2)
        if lost:
            self._tell(WorkerLost(f"the engine's worker process ended (exit code {process.exitcode})"))


def _work(pipe: Connection) -> None:
    from nodeflow.engine.worker import serve

    serve(pipe)
