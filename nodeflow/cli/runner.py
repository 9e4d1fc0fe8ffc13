"""One run from the command line: through a worker process as the app does it, or in this process for debugging."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from nodeflow.cli.status import tell
from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.client.ray_cluster import ClusterError, RayCluster
from nodeflow.engine.client.ray_worker import cluster_places
from nodeflow.engine.protocol.events import Event, RunFinished
from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.messages import (
    Export,
    Exported,
    ForecastReply,
    Importing,
    JobEvent,
    NotKept,
    Refused,
    Reply,
    ViewQuery,
    ViewReply,
    WorkerLost,
    WorkerReady,
)
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Problem, WorkflowError

if TYPE_CHECKING:
    from nodeflow.engine.inspect.value_inspector import ValueInspector


class Runner(Protocol):
    """Runs one workflow."""

    catalogue: Catalogue
    troubles: tuple[str, ...]
    """Sentences about node packs that do not load."""
    details: str
    """Where more is said about what fails; empty where nothing is."""

    def run(self, request: RunRequest) -> Iterator[Event]:
        """The run's events. Raises WorkflowError before anything is computed."""
        ...

    def foresee(self, request: RunRequest) -> ForecastReply:
        """Return what the run would compute, and about how long that takes. Raises WorkflowError."""
        ...

    def cancel(self) -> None:
        """Stop at the next step; what is finished stays."""
        ...

    def look(self, query: ViewQuery) -> ViewReply:
        """See a value that the run gave."""
        ...

    def export(self, export: Export) -> Exported:
        """Write a value that the run gave into a file."""
        ...

    def close(self) -> None: ...


class ThroughWorker:
    """A worker process computes: a node that crashes costs the run, and says so."""

    def __init__(self, limits: Limits, workers: int | None = None, cluster: str = "") -> None:
        """``workers``: how many; one where nothing is said, on a cluster as many as suit it."""
        self._replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self._cluster = RayCluster(cluster, limits) if cluster else None
        try:
            places = cluster_places(self._cluster, workers or self._cluster.size()) if self._cluster else ()
        except ClusterError as error:
            raise WorkflowError(Problem("", "", str(error))) from None
        self._engine = LocalEngine(self._replies.put, limits=limits, workers=workers or 1, places=places)
        self._job = 0
        self.details = "" if cluster else str(self._engine.log.path)
        self._engine.start()
        try:
            ready = self._until_ready()
        except BaseException:
            self.close()
            raise
        self.catalogue, self.troubles = ready.catalogue, ready.troubles

    def _until_ready(self) -> WorkerReady:
        told = ""
        while True:
            match self._replies.get():
                case Importing(pack, seconds) if pack != told:
                    tell(f"the node pack {pack!r} has been importing for {seconds:.0f} s; Ctrl+C stops, or wait")
                    told = pack
                case WorkerReady() as ready:
                    return ready
                case WorkerLost(reason):
                    raise WorkflowError(Problem("", "", self._said(f"{reason} while it started", reason)))

    def _said(self, here: str, far: str) -> str:
        """Return why a worker was lost: one here has a log, one on a cluster says all."""
        return f"{here}; {self.details} says more" if self.details else far

    def run(self, request: RunRequest) -> Iterator[Event]:
        self._job = self._engine.submit(request)
        while True:
            match self._replies.get():
                case WorkerLost(reason):
                    tell(self._said(reason, reason))
                case NotKept(_, text, _) if text:
                    tell(text)
                case Refused(_, problems):
                    raise WorkflowError(*problems)
                case JobEvent(_, event):
                    yield event
                    if isinstance(event, RunFinished):
                        return

    def foresee(self, request: RunRequest) -> ForecastReply:
        self._engine.foresee(request)
        while True:
            match self._replies.get():
                case ForecastReply(_, _, problems) as foreseen:
                    if problems:
                        raise WorkflowError(*problems)
                    return foreseen
                case WorkerLost(reason):
                    raise WorkflowError(Problem("", "", self._said(reason, reason)))

    def look(self, query: ViewQuery) -> ViewReply:
        number = self._engine.look(query)
        while True:
            match self._replies.get():
                case ViewReply(request) as reply if request == number:
                    return reply
                case WorkerLost(reason):
                    return ViewReply(number, error=reason)

    def export(self, export: Export) -> Exported:
        number = self._engine.export(export)
        while True:
            match self._replies.get():
                case Exported(request) as reply if request == number:
                    return reply
                case WorkerLost(reason):
                    return Exported(number, reason)

    def cancel(self) -> None:
        self._engine.cancel(self._job)

    def close(self) -> None:
        self._engine.close()
        if self._cluster is not None:
            self._cluster.close()


class InProcess:
    """This process computes: for a debugger, and for nodes that print."""

    def __init__(self, limits: Limits) -> None:
        from nodeflow.system import prepare_for_tensors

        prepare_for_tensors()
        from nodeflow.engine.execution.run_control import RunControl
        from nodeflow.engine.worker.workflow_runner import WorkflowRunner

        self.details = ""
        self._session, self._control = WorkflowRunner.of_user(limits), RunControl()
        self._session.hear_troubles(lambda text: tell(text) if text else None)
        self.catalogue = self._session.packs.catalogue
        self.troubles = tuple(self._session.packs.errors.values())

    def run(self, request: RunRequest) -> Iterator[Event]:
        try:
            yield from self._session.run(request, self._control)
        except ValueError as error:
            raise WorkflowError(Problem("", "", str(error))) from None

    def foresee(self, request: RunRequest) -> ForecastReply:
        try:
            return ForecastReply(0, self._session.forecast(request))
        except ValueError as error:
            raise WorkflowError(Problem("", "", str(error))) from None

    def look(self, query: ViewQuery) -> ViewReply:
        return self._inspector().look(query)

    def export(self, export: Export) -> Exported:
        return self._inspector().export(export)

    def _inspector(self) -> ValueInspector:
        from nodeflow.engine.inspect.value_inspector import ValueInspector

        return ValueInspector(self._session.executor, self._session.packs.forms)

    def cancel(self) -> None:
        self._control.cancel()

    def close(self) -> None:
        """Nothing is left open."""
