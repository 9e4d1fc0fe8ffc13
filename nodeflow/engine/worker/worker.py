"""The worker: takes requests from its pipe, runs jobs in order, and tells what happens.

Four threads: one reads the pipe, so that a cancel is heard while a node computes; one makes small images, and one
looks into values, which may take a moment (a VAE decodes); the other computes. The process ends with its pipe, so that
it never outlives the app.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import queue
import sys
import threading
from functools import partial

import msgspec

from nodeflow.engine.execution.latent_thumbnails import colours
from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.inspect.value_inspector import ValueInspector
from nodeflow.engine.memory import device
from nodeflow.engine.previews.summaries import pictures
from nodeflow.engine.protocol.events import NodeFailed, RunFinished
from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.messages import (
    Cancel,
    Close,
    Export,
    ForecastReply,
    ForecastRequest,
    JobEvent,
    NotKept,
    Pause,
    Peek,
    Peeked,
    Refused,
    Request,
    Resume,
    Submit,
    ViewQuery,
    WorkerReady,
)
from nodeflow.engine.worker.pack_markers import PackMarkers
from nodeflow.engine.worker.packs import heavy_modules, load_packs
from nodeflow.engine.worker.pipe import ReplySender
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.garbage import unsearched
from nodeflow.graph.model.workflow import Problem, WorkflowError
from nodeflow.system import give_back_memory

IDLE_SECONDS = 10.0
"""Seconds without a job after which freed memory is handed back."""
REST_SECONDS = 30.0
"""Seconds after that, after which results are let go of that the disk has too."""
YOUNG = 10_000
"""New objects after which garbage is searched among them; a long list makes many that all stay."""


class Worker:
    """Serves one app until its pipe closes."""

    def __init__(self, mouth: ReplySender, limits: Limits) -> None:
        self.say, self.pipe, self._imports = mouth.say, mouth.pipe, mouth.imports
        self.jobs: queue.Queue[Submit | tuple[str, ...]] = queue.Queue()
        """What to run next, and modules that the document in front will need."""
        self.cold: list[str] = []
        self.reins: dict[int, RunControl] = {}
        self._markers = PackMarkers()
        mouth.left = self._markers.end
        self.session = WorkflowRunner.of_user(limits, load_packs(self._markers, mouth.imports))
        mouth.usage = self.session.usage
        self.peeks: queue.SimpleQueue[Peek] = queue.SimpleQueue()
        self.looks: queue.SimpleQueue[ViewQuery | Export] = queue.SimpleQueue()

    def serve(self) -> None:
        """Run jobs for ever."""
        name, _ = device.choose("auto")
        for job in (self._read, self._peek, self._look):
            threading.Thread(target=job, name=job.__name__, daemon=True).start()
        packs = self.session.packs
        with unsearched():
            packs.start(self._imports)
        self._markers.end()
        gc.freeze()  # what is loaded by now is far more than what a run makes
        gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
        troubles = tuple(packs.errors.values())
        words, devices = device.describe(name), device.offered()
        self.say(WorkerReady(words, device.versions(), packs.catalogue, troubles, devices=devices))
        self.session.hear_troubles(lambda sentence: self.say(NotKept("results", sentence, bool(sentence))))
        while True:
            self._run(self._next_job())

    def _next_job(self) -> Submit:
        """Wait for a job; meanwhile import what the document in front will need, a module at a time, and let go of
        memory that nobody has wanted for a while."""
        waits: list[float | None] = [IDLE_SECONDS, REST_SECONDS, None]
        idle = 0
        while True:
            try:
                asked = self.jobs.get(timeout=0 if self.cold else waits[idle])
            except queue.Empty:
                idle = self._use_idle_time(idle)
                continue
            if isinstance(asked, Submit):
                return asked
            self.cold += [name for name in asked if name not in (*self.cold, *sys.modules)]

    def _use_idle_time(self, idle: int) -> int:
        """Do the next of what nobody must wait for; how often memory was let go of since the last job."""
        if self.cold:
            with contextlib.suppress(Exception), unsearched():  # the node that needs it says what is wrong with it
                importlib.import_module(self.cold.pop(0))
            if not self.cold:
                gc.collect()  # what an earlier run left must not be spared
                gc.freeze()
            return idle
        if idle:
            self.session.rest()
            gc.collect()
        give_back_memory()
        return idle + 1

    def _read(self) -> None:
        decoder = msgspec.msgpack.Decoder(Request)
        while True:
            try:
                request = decoder.decode(self.pipe.recv_bytes())
            except (EOFError, OSError):
                os._exit(0)
            match request:
                case Submit():
                    self.reins[request.job] = RunControl()
                    self.jobs.put(request)
                case Cancel(job) if reins := self.reins.get(job):
                    reins.cancel()
                case Pause(job) if reins := self.reins.get(job):
                    reins.pause()
                case Resume(job) if reins := self.reins.get(job):
                    reins.resume()
                case Peek():
                    self.peeks.put(request)
                case ViewQuery() | Export():
                    self.looks.put(request)
                case ForecastRequest():
                    self.say(self._foresee(request))
                    self.jobs.put(heavy_modules(request.run, self.session.packs))
                case Close():
                    os._exit(0)

    def _peek(self) -> None:
        """Answer peeks for ever."""
        while True:
            request = self.peeks.get()
            try:
                found = self._pictures(request)
            except Exception:  # a value that cannot be drawn is an image less, not the worker's end
                found = ()
            self.say(Peeked(request.request, found))

    def _pictures(self, request: Peek) -> tuple[bytes, ...]:
        executor = self.session.executor
        history = executor.recall(request.document)
        value = history.value(executor.cache, request.node, request.output)
        return pictures(value, request.size, partial(colours, history, executor.cache))

    def _look(self) -> None:
        """Answer looks into values for ever."""
        inspector = ValueInspector(self.session.executor, self.session.packs.forms)
        while True:
            request = self.looks.get()
            self.say(inspector.look(request) if isinstance(request, ViewQuery) else inspector.export(request))

    def _foresee(self, request: ForecastRequest) -> ForecastReply:
        """Return what a run would compute; told while another computes, and never that one's end."""
        try:
            return ForecastReply(request.request, self.session.forecast(request.run))
        except WorkflowError as error:
            return ForecastReply(request.request, problems=error.problems)
        except Exception as error:
            return ForecastReply(request.request, problems=(Problem("", "", str(error) or type(error).__name__),))

    def _run(self, job: Submit) -> None:
        try:
            events = self.session.run(job.run, self.reins[job.job])
            for event in events:
                if job.run.share.helps and not isinstance(event, RunFinished):
                    continue  # the worker that runs the whole tells it
                if isinstance(event, NodeFailed) and event.detail:
                    print(f"{event.node}:\n{event.detail}", file=sys.stderr)
                self.say(JobEvent(job.job, event))
        except WorkflowError as error:
            self.say(Refused(job.job, error.problems))
        except ValueError as error:
            self.say(Refused(job.job, (Problem("", "", str(error)),)))
        finally:
            del self.reins[job.job]
