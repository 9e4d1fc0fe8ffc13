"""The worker process as its parent holds it: requests in, replies out, its output to the log, and word of its end."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection, wait
from typing import Any, Literal

import msgspec

from nodeflow.engine.client.running_worker import End, Hear
from nodeflow.engine.client.worker_log import WorkerLog
from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.messages import Close, Logged, Reply, Request, WorkerSilent
from nodeflow.resources import data_folder

START_METHOD: Literal["spawn", "forkserver"] = "spawn"
"""How the process is made: anew, so that nothing of its parent's threads and locks is in it."""
POLL_SECONDS = 0.25
"""Seconds between two looks at whether the process lives."""
SILENT_AFTER_SECONDS = 5.0
"""Seconds without a beat after which the worker counts as silent."""
LONG_IMPORT_SECONDS = 5.0
"""After which a pack that is still being imported may be one that never ends."""
NOTHING_MORE: Mapping[str, str] = {}
"""What the environment of the process has beside ours."""
MAX_TEXT = 16_384
"""Bytes of output told at a time; the log has all of it."""


class WorkerProcess:
    """A worker process, started at once.

    ``hear`` is called with each reply and ``end`` with the reason when the process ended by itself, both on a thread of
    this object. Nothing here waits for the worker to take a request: a thread writes them, for a pipe is full while a
    worker that starts does not read yet.
    """

    def __init__(
        self,
        hear: Hear,
        end: End,
        log: WorkerLog,
        limits: Limits,
        environment: Mapping[str, str] = NOTHING_MORE,
    ) -> None:
        self._hear, self._end, self._log = hear, end, log
        self._outbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        context: Any = multiprocessing.get_context(START_METHOD)
        self._pipe, theirs = context.Pipe()
        self._output, output = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_start,
            args=(theirs, output, limits, {**os.environ, **environment}),
            name="nodeflow worker",
            daemon=True,
        )
        self._process.start()
        theirs.close()
        output.close()
        self.pid = self._process.pid or 0
        log.write(f"--- worker {self.pid}, {time.strftime('%Y-%m-%d %H:%M:%S')}\n".encode())
        self._listener = threading.Thread(target=self._listen, name="nodeflow replies", daemon=True)
        threading.Thread(target=self._write, name="nodeflow requests", daemon=True).start()
        self._listener.start()

    def send(self, request: Request) -> None:
        """Hand over a request, after those before it."""
        self._outbox.put(request)

    def close(self) -> None:
        """End the process; its log is whole then. It may be killed at any moment, so it is not given long to end."""
        self._outbox.put(Close())
        self._process.join(0.5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(2)
            _forgive(self.pid)
        if threading.current_thread() is not self._listener:
            self._listener.join(2)

    def _write(self) -> None:
        while (request := self._outbox.get()) is not None:
            with contextlib.suppress(OSError):  # a worker that just died: its listener ends what was sent
                self._pipe.send_bytes(msgspec.msgpack.encode(request))
        self._pipe.close()

    def _listen(self) -> None:
        """Pass on what the worker says until it ends. A child of its own may hold its pipe, so we look at it too."""
        decoder = msgspec.msgpack.Decoder(Reply)
        heard, silent = time.monotonic(), False
        sources: list[Connection] = [self._pipe, self._output]
        while self._pipe in sources:
            ready = wait(sources, POLL_SECONDS)
            if not ready and not self._process.is_alive():
                break
            if self._output in ready and not self._drain():
                sources.remove(self._output)
            if self._pipe in ready:
                try:
                    reply = decoder.decode(self._pipe.recv_bytes())
                except (EOFError, OSError):
                    break
                heard = time.monotonic()
                if silent:
                    silent = False
                    self._hear(self, WorkerSilent(0.0))
                self._hear(self, reply)
            elif not silent and time.monotonic() - heard > SILENT_AFTER_SECONDS:
                silent = True
                self._hear(self, WorkerSilent(time.monotonic() - heard))
        self._process.join(1)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        while self._output in sources and self._output.poll() and self._drain():
            pass
        self._outbox.put(None)
        self._output.close()
        self._end(self, f"the engine's worker process ended ({_cause(self._process.exitcode)})")

    def _drain(self) -> bool:
        """Take what the worker has written; whether there may be more."""
        try:
            data = os.read(self._output.fileno(), 65_536)
        except OSError:
            return False
        self._log.write(data)
        if data:
            self._hear(self, Logged(data[-MAX_TEXT:].decode(errors="replace")))
        return bool(data)


def _start(pipe: Connection, output: Connection, limits: Limits, environment: dict[str, str]) -> None:
    """What the child process begins with: only there the worker is imported."""
    os.environ.update(environment)  # that of a fork server is as old as the server
    from nodeflow.engine.worker.main import work

    work(pipe, output, limits)


def _forgive(pid: int) -> None:
    """We ended the process ourselves: that says nothing against the pack that it imported just then, unless that took
    longer than packs take."""
    long_ago = time.time() - LONG_IMPORT_SECONDS
    for marker in (data_folder() / "packs").glob("*.json"):
        with contextlib.suppress(OSError):
            told = marker.read_bytes()
            hangs = b'"imported":true' not in told and marker.stat().st_mtime < long_ago
            if f'"{pid}_'.encode() in told and not hangs:
                marker.unlink()


def _cause(code: int | None) -> str:
    """Return what an exit code says, in words."""
    words = {-9: "it was killed, perhaps for want of memory", -11: "it crashed in native code", -6: "it aborted"}
    return words.get(code or 0, f"exit code {code}")
