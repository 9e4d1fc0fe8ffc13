"""The one engine of the app, shared by all open documents: what it says reaches each session, which takes its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal

from nodeflow import resources
from nodeflow.app.i18n.pack_translations import localized
from nodeflow.app.model.model_library import ModelLibrary
from nodeflow.app.model.script_server import ScriptServer
from nodeflow.app.model.subgraph_library import SubgraphLibrary
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.signals import silence
from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.client.ray_cluster import RayCluster
from nodeflow.engine.client.ray_worker import cluster_places
from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.messages import (
    DeviceInfo,
    Heartbeat,
    Importing,
    JobInfo,
    Kept,
    Logged,
    NotKept,
    QueueChanged,
    Refused,
    WorkerLost,
    WorkerReady,
    WorkerSilent,
)
from nodeflow.engine.protocol.run_request import PrecisionRule
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec, decode
from nodeflow.graph.model.workflow import Problem
from nodeflow.unfinished_files import remove_left_over

LOG_LINES = 5000
T = TypeVar("T")


class EngineService(QObject):
    """Owns the engine. ``replied``: something it said, on the interface's thread; numbers of jobs and requests are
    the engine's, so that each session knows its own. ``catalogue_changed``: more nodes are known.
    ``library_changed``: the user's library holds others. ``unkept_changed``: something is not kept on disk, or again.
    ``made``: images that the app wrote by itself.
    """

    replied = Signal(object)
    catalogue_changed = Signal()
    library_changed = Signal()
    device_changed = Signal(str)
    queue_changed = Signal()
    logged = Signal(str)
    beat = Signal()
    trouble = Signal(str)
    unkept_changed = Signal()
    made = Signal(list)
    _arrived = Signal(object)

    def __init__(
        self, catalogue: Catalogue | None = None, output: Path | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.output = output or default_output()
        """Where runs write what they make."""
        self.wanted = "auto"
        """What runs are to be computed on: ``auto``, ``cpu``, ``cuda``."""
        self.precision: PrecisionRule = "exact"
        """In which precision the processor computes them."""
        self.limits = Limits()
        """How much the worker may keep, from its next start."""
        self.workers = 1
        """How many compute, from the next start."""
        self.cluster = ""
        """The address of the cluster whose machines compute; empty for this one. From the next start."""
        self._cluster: RayCluster | None = None
        self.loads: dict[int, Heartbeat] = {}
        """What each worker said of itself last."""
        self._untold = _shipped() if catalogue is None else catalogue
        self.catalogue = localized(self._untold)
        self.library = SubgraphLibrary()
        self.models = ModelLibrary(self)
        self._kept: list[NodeSpec] = []
        self._files = Background(self, threads=1)  # one thread: all in order
        self.scripts = ScriptServer(self._files)
        self.device = ""
        self.devices: dict[str, DeviceInfo] = {}
        """What each device that a run may ask for is, once a worker is up."""
        self.jobs: tuple[JobInfo, ...] = ()
        """What runs, and what waits behind it."""
        self.paused = False
        self.unkept: dict[Kept, str] = {}
        """Sentences about what cannot be kept on disk now."""
        self._told_unkept: set[str] = set()
        """Those that were told already."""
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        """The last lines that the worker wrote, tracebacks of nodes that failed among them."""
        self._unfinished = ""
        self.resident, self.silent = 0, 0.0
        """Bytes that the worker holds, and for how many seconds it has said nothing."""
        self.importing = ("", 0.0)
        """The node pack that keeps the worker from being up, and for how many seconds."""
        self._engine: LocalEngine | None = None
        self._listen()

    def _listen(self) -> None:
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def leave_views(self) -> None:
        """Be heard by nobody any more; the engine goes on, and what it says meanwhile arrives later."""
        silence(self)
        silence(self.scripts)
        self._listen()

    def speak(self) -> None:
        """Name all nodes in the language that is spoken now."""
        self.catalogue = localized(self._untold)

    @property
    def engine(self) -> LocalEngine:
        """The engine; its worker starts with the first job."""
        if self._engine is None:
            self._cluster = RayCluster(self.cluster, self.limits) if self.cluster else None
            places = cluster_places(self._cluster, self.workers) if self._cluster else ()
            self._engine = LocalEngine(
                self._arrived.emit, JobQueue.of_user(), limits=self.limits, workers=self.workers, places=places
            )
        return self._engine

    def start(self) -> None:
        """Have the worker load its libraries while the person looks at the workflow."""
        self._look_into_library()
        output = self.output
        self._files.run(lambda: remove_left_over(output), owner=self)
        self.engine.start()

    def meanwhile(self, work: Callable[[], T], then: Callable[[T], object], owner: QObject) -> None:
        """Do work off the interface's thread, then tell of it, unless ``owner`` is gone."""
        self._files.run(work, then, owner=owner)

    def next_job(self) -> int:
        """Return the number of a job to come."""
        return self.engine.next_job()

    def submit(
        self,
        job: int,
        give: Callable[[LocalEngine], Sequence[Problem]],
        accepted: Callable[[], object],
        done: Callable[[], object],
    ) -> None:
        """Let a job that has its number be judged and written down, off the interface's thread and in order.

        ``give`` hands it to the engine, or returns what stands in its way: that is told as the engine would tell it.
        ``done`` comes last, however it went.
        """
        engine = self.engine

        def told(problems: Sequence[Problem]) -> None:
            if problems:
                self._take(Refused(job, tuple(problems)))
            else:
                accepted()
            done()

        def failed(error: Exception) -> None:
            self.trouble.emit(self.tr("The run cannot be written down: {0}").format(error))
            self._take(Refused(job, ()))
            done()

        self._files.run(lambda: give(engine), told, failed, owner=self)

    def cancel_once_written(self, job: int) -> None:
        """Stop a job that is perhaps being written down."""
        engine = self.engine
        self._files.run(lambda: engine.cancel(job), owner=self)

    def kept(self) -> list[NodeSpec]:
        """The subgraphs in the user's library as they are known; its folder is looked at anew meanwhile."""
        self._look_into_library()
        return self._kept

    def keep(self, name: str, text: str, then: Callable[[], object], failed: Callable[[Exception], object]) -> None:
        """Save a subgraph to the library, then tell of it, or of the OSError."""
        self._files.run(lambda: self.library.save(name, text), lambda _: then(), failed, owner=self)
        self._look_into_library()

    def close(self) -> None:
        """End the worker; the next request starts another."""
        self.scripts.stop()
        engine, self._engine = self._engine, None
        if engine is not None:
            self._files.settle()
            engine.close()
            if self._cluster is not None:
                self._cluster.close()
        self.loads.clear()
        self._set_device("")

    @property
    def free(self) -> int:
        """Bytes of memory that are free on the device that computes; 0 where that is not known."""
        kind = self.devices[self.wanted].kind if self.wanted in self.devices else ""
        return max((load.usage.free.get(kind, 0) for load in self.loads.values()), default=0)

    def serve_scripts(self, on: bool, port: int) -> None:
        """Let programs of this computer queue prompts from now on, or no longer."""
        if on:
            self.scripts.start(self.engine, self.output, self._untold, port)
        else:
            self.scripts.stop()

    def _take(self, reply: Any) -> None:
        match reply:
            case WorkerReady(device, _, catalogue, troubles):
                self.devices, self.importing = reply.devices, ("", 0.0)
                self._learn(catalogue)
                for sentence in troubles:
                    self.trouble.emit(sentence)
                self._set_device(device)
            case WorkerLost(reason, worker):
                self.loads.pop(worker, None)
                self.importing = ("", 0.0)
                self.resident, self.silent = sum(load.resident for load in self.loads.values()), 0.0
                self.note_unkept("results", "", False)  # the next worker says it anew
                if self.loads:
                    self.trouble.emit(self.tr("A worker stopped: {0}. The others go on.").format(reason))
                else:
                    self._set_device("")
                    self.trouble.emit(self.tr("The engine stopped: {0}. Run again to start a new one.").format(reason))
            case QueueChanged(jobs, paused):
                self.jobs, self.paused = jobs, paused
                self.queue_changed.emit()
            case NotKept(what, text, lasts):
                self.note_unkept(what, text, lasts)
            case Logged(text):
                self._write(text)
            case Heartbeat():
                self.loads[reply.worker] = reply
                self.resident, self.silent = sum(load.resident for load in self.loads.values()), 0.0
                self.beat.emit()
            case Importing(pack, seconds):
                self.importing = (pack, seconds)
                self.beat.emit()
            case WorkerSilent(seconds):
                self.silent = seconds
                self.beat.emit()
        self.scripts.hear(reply)
        self.replied.emit(reply)

    def note_unkept(self, what: Kept, text: str, lasts: bool) -> None:
        """Say what is not kept on disk, and remember it as long as it lasts; without a text it is kept again."""
        if text and text not in self._told_unkept:  # each worker says it, and so does every run on a full disk
            self._told_unkept.add(text)
            self._write(text + "\n")
            self.trouble.emit(text)
        before = dict(self.unkept)
        self.unkept.pop(what, None)
        if text and lasts:
            self.unkept[what] = text
        if self.unkept != before:
            self.unkept_changed.emit()

    def _look_into_library(self) -> None:
        catalogue = self.catalogue
        self._files.run(lambda: self.library.specs(catalogue), self._know, owner=self)

    def _know(self, kept: list[NodeSpec]) -> None:
        """What the library holds; what is wrong with a file there is said once."""
        for sentence in self.library.new_troubles():
            self.trouble.emit(sentence)
        if kept != self._kept:
            self._kept = kept
            self.library_changed.emit()

    def _write(self, text: str) -> None:
        """Add to the log. What ends without an end of line goes on with the next text."""
        text = self._unfinished + text
        lines = text.split("\n")
        self._unfinished = lines.pop()
        self.log.extend(line.rpartition("\r")[2] for line in lines)
        self.logged.emit("\n".join(lines))

    def _set_device(self, device: str) -> None:
        self.device = device
        self.device_changed.emit(device)

    def _learn(self, catalogue: Catalogue) -> None:
        """Take in the nodes that the worker has: those of installed packs, beside the shipped ones."""
        self._untold = Catalogue(
            self._untold.packs | catalogue.packs,
            self._untold.nodes | catalogue.nodes,
            self._untold.roles | catalogue.roles,
        )
        known = localized(self._untold)
        if known != self.catalogue:
            self.catalogue = known
            self.catalogue_changed.emit()


def default_output() -> Path:
    """The folder of results where none was chosen."""
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(pictures) / "nodeflow"


def shipped_catalogue() -> Catalogue:
    """The catalogue of the built-in nodes in the person's language; empty where it is missing."""
    return localized(_shipped())


def _shipped() -> Catalogue:
    """The catalogue as it ships."""
    path = resources.folder("assets") / "catalogue.json"
    return decode(path.read_bytes()) if path.is_file() else Catalogue()
