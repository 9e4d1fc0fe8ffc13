"""The worker process: takes requests from its pipe, runs jobs in order, and tells what happens.

Two threads: one reads the pipe, so that a cancel or a peek is answered while a node computes; the other computes. The
process ends with its pipe, so that it never outlives the app.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from nodeflow.engine import device
from nodeflow.engine.control import Control
from nodeflow.engine.disk import Disk
from nodeflow.engine.events import Cancel, Close, JobEvent, Peek, Peeked, Ready, Refused, Reply, Request, Submit
from nodeflow.engine.session import Session
from nodeflow.engine.views import pictures
from nodeflow.graph.files import loads
from nodeflow.graph.workflow import Problem, WorkflowError


def serve(pipe: Connection) -> None:
    """Serve one app until its pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the app, which then ends us
    _Worker(pipe).serve()


class _Worker:
    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.sending = threading.Lock()
        self.jobs: queue.Queue[Submit] = queue.Queue()
        self.cancels: dict[int, Control] = {}
        self.session = Session(disk=Disk.of_user(device.numerics()))

    def serve(self) -> None:
        name, _ = device.choose("auto")
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        packs = self.session.packs
        self._send(Ready(device.describe(name), device.versions(), packs.catalogue, tuple(packs.errors.values())))
        self._warm_up()
        while True:
            self._run(self.jobs.get())

    def _warm_up(self) -> None:
        """Import what the nodes will need while nobody waits for a run."""
        for name in self.session.packs.heavy:
            if not self.jobs.empty():
                return
            with contextlib.suppress(Exception):  # the node that needs it says what is wrong with it
                importlib.import_module(name)

    def _send(self, reply: Reply) -> None:
        with self.sending:
            self.pipe.send_bytes(msgspec.msgpack.encode(reply))

    def _read(self) -> None:
        decoder = msgspec.msgpack.Decoder(Request)
        while True:
            try:
                request = decoder.decode(self.pipe.recv_bytes())
            except (EOFError, OSError):
                os._exit(0)
            match request:
                case Submit():
                    self.cancels[request.job] = Control()
                    self.jobs.put(request)
                case Cancel(job):
                    if job in self.cancels:
                        self.cancels[job].cancel()
                case Peek():
                    self._peek(request)
                case Close():
                    os._exit(0)

    def _peek(self, request: Peek) -> None:
        try:
            found = pictures(self.session.executor.value(request.node, request.output), request.size)
        except Exception:  # a value that cannot be drawn is a picture less, not the worker's end
            found = ()
        self._send(Peeked(request.request, found))

    def _run(self, job: Submit) -> None:
        cancel = self.cancels[job.job]
        try:
            events = self.session.run(
                loads(job.workflow), Path(job.base), Path(job.output), job.targets, job.device, cancel
            )
            for event in events:
                self._send(JobEvent(job.job, event))
        except WorkflowError as error:
            self._send(Refused(job.job, error.problems))
        except ValueError as error:
            self._send(Refused(job.job, (Problem("", "", str(error)),)))
        finally:
            del self.cancels[job.job]
