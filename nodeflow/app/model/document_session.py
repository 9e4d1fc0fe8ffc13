"""One open workflow and what is done with it: document, undo stack, file, runs. Signals for views, no widgets."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Hashable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from nodeflow import resources
from nodeflow.app.model.asked_runs import AskedRun, AskedRuns
from nodeflow.app.model.document_problems import DocumentProblems
from nodeflow.app.model.edits_since import EditsSinceHandedOver
from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.file_stamp import FileStamp, same_file
from nodeflow.app.model.flattened import FlattenedWorkflow, keep_below
from nodeflow.app.model.node_images import NodeImages
from nodeflow.app.model.open_documents import OpenDocuments
from nodeflow.app.model.run_requests import RunRequests
from nodeflow.app.model.run_state import NodeState, RunStates
from nodeflow.app.model.undo import EditCommand
from nodeflow.app.qt.signals import silence
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodeProgress, NodesKept, RunFinished
from nodeflow.engine.protocol.messages import JobEvent, Peeked, Refused, WorkerLost
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.graph.edits.edits import Connect, Disconnect, Edit, SetMode, SetParam
from nodeflow.graph.edits.subgraph_edits import Inside, Same
from nodeflow.graph.io import files
from nodeflow.graph.io.import_report import ImportReport
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.document import Document
from nodeflow.graph.model.workflow import Link, Problem, Socket, Workflow
from nodeflow.graph.validate.sweeps import Sweep


class DocumentSession(QObject):
    """Holds one document, and speaks with the engine for it. A window has one for each of its tabs.

    ``opened``: another document is there. ``file_changed``: its path. ``catalogue_changed``: more nodes are known.
    ``node_changed``: run state of one node.
    ``run_changed``: the run as a whole.
    ``starting``: one is about to be, and the document may still change. ``asked``: one is handed to the engine, as the
    document stands. ``queued``: one was.
    ``problems_changed``: what stands in the way of a run.
    ``take_typed``: whoever is being typed in hands that over, since the document is about to be run or saved.
    ``picture``: PNG images of a node's output, asked for with `peek`. ``preview``: PNG bytes while a node samples.
    """

    opened = Signal()
    catalogue_changed = Signal()
    file_changed = Signal()
    node_changed = Signal(str)
    run_changed = Signal()
    starting = Signal()
    asked = Signal(object)
    queued = Signal()
    problems_changed = Signal()
    take_typed = Signal()
    picture = Signal(str, str, int, tuple)
    preview = Signal(str, bytes)
    trouble = Signal(str)
    notice = Signal(str)
    worth_a_look = Signal(str)

    def __init__(
        self,
        catalogue: Catalogue | None = None,
        output: Path | None = None,
        parent: QObject | None = None,
        hub: EngineService | None = None,
    ) -> None:
        super().__init__(parent)
        self.hub = hub or EngineService(catalogue, output, self)
        self.id = uuid.uuid4().hex
        """Names its document to the engine."""
        self.document = Document()
        self.flattened = FlattenedWorkflow(self.document)
        self.images = NodeImages(self.hub, self.id, self.flattened)
        self.stack = QUndoStack(self)
        self.path: Path | None = None
        self.name = ""
        self.base = Path.cwd()
        self.source: Path | None = None
        """Where the document was read from, also where that is not to be written over."""
        self.stamp: FileStamp | None = None
        """What its file was when it was read or written here."""
        self.report: ImportReport | None = None
        """What became of another program's workflow, where it was one."""
        self._open = OpenDocuments()
        self.states = RunStates()
        self._edits_since = EditsSinceHandedOver()
        self._same = False
        self._problems = DocumentProblems(self.hub, self, lambda: self.document, self.problems_changed.emit)
        self._requests = RunRequests(self.hub, self.id)
        self.runs = AskedRuns(self.hub, self._hand_over)
        self.shown_job = 0
        """The run that the states of the nodes are about."""
        self._listen()

    def _listen(self) -> None:
        self.hub.replied.connect(self._take)
        self.hub.catalogue_changed.connect(self.catalogue_changed)
        self.stack.indexChanged.connect(self._problems.edited)

    def leave_views(self) -> None:
        """Go on without those that show it, as if it were new: with its document, its steps to take back, its runs.

        The hub leaves its own views too, and then `listen_again` is called.
        """
        self.setParent(None)
        silence(self)
        silence(self.stack)
        self.document.leave_listeners()
        self.document.subscribe(self._outdate)

    def listen_again(self) -> None:
        """Hear the hub and its own undo stack again, after `leave_views` of both."""
        self._listen()

    # --- the document

    @property
    def workflow(self) -> Workflow:
        return self.document.workflow

    @property
    def catalogue(self) -> Catalogue:
        return self.hub.catalogue

    def new(self) -> None:
        """Start with an empty workflow."""
        self._show(Workflow(), None, Path.cwd(), "")

    def open(self, path: Path) -> None:
        """Open a workflow file, or an image that holds one. Raises WorkflowError; the document then stays."""
        self.show_workflow(files.load(path), path)

    def show_workflow(self, workflow: Workflow, source: Path) -> None:
        """Take a workflow that was read from a file.

        An image, and a workflow that ships with nodeflow, are never written over: saving asks for a file.
        """
        folder = source.resolve().parent
        shipped = folder == resources.folder("workflows").resolve()
        own = None if shipped or source.suffix.lower() == ".png" else source
        self._show(workflow, own, folder, source.stem, source)
        self.stamp = FileStamp.of(source)
        if own is not None and self._open.others(self.id, own):
            self.notice.emit(self.tr("{0} is open in another window too; the one saved last wins.").format(own.name))

    def show_imported(self, workflow: Workflow, report: ImportReport, source: Path | None, name: str = "") -> None:
        """Take what another program's file became: it has no file of its own until it is saved."""
        folder = source.resolve().parent if source is not None else Path.cwd()
        self._show(workflow, None, folder, source.stem if source is not None else name, source, report)

    def show_recovered(self, workflow: Workflow, path: Path | None, base: Path, name: str) -> None:
        """Take a workflow that was kept over a crash: it differs from its file until it is saved."""
        self._show(workflow, path, base, name, path)
        self.stack.resetClean()

    def save(self, path: Path) -> None:
        """Write the workflow to a file, which is its own from now on. Raises OSError; nothing is lost then."""
        files.save(self.workflow, path)
        self.saved(path)
        self.written(path)

    def saved(self, path: Path) -> None:
        """The workflow as it stands has been given to a file, which is its own from now on."""
        self.path = self.source = path
        self.base, self.name = path.resolve().parent, path.stem
        self.stack.setClean()
        self.file_changed.emit()

    def written(self, path: Path) -> None:
        """The file is written: what it holds now is ours."""
        self.stamp = FileStamp.of(path)
        self._open.tell(self.id, path)

    def changed_outside(self, path: Path) -> bool:
        """Return whether another program changed the document's own file since it was read or written here."""
        return same_file(self.path, path) and self.stamp is not None and not self.stamp.still_holds(path)

    def lost(self, path: Path | None) -> None:
        """The file could not be written after all: its own is the one it had before, and its changes are changes."""
        self.path = path
        self.stack.resetClean()
        self.file_changed.emit()

    @property
    def dirty(self) -> bool:
        """Return whether there are changes that no file holds."""
        return not self.stack.isClean()

    @property
    def title(self) -> str:
        """Its name as it is shown."""
        return self.name or self.tr("Untitled")

    @property
    def pristine(self) -> bool:
        """Return whether nothing is lost when another document takes its place: it is empty and always was."""
        return not self.workflow.nodes and self.path is None and self.stack.count() == 0 and not self.dirty

    def do(self, text: str, edit: Edit, gesture: Hashable | None = None) -> None:
        """Make an edit as an undo step named ``text``; steps of one ``gesture`` are taken back as one."""
        self.stack.push(EditCommand(self.document, edit, text, gesture))

    def _show(
        self,
        workflow: Workflow,
        path: Path | None,
        base: Path,
        name: str,
        source: Path | None = None,
        report: ImportReport | None = None,
    ) -> None:
        self.cancel()
        self.jobs.clear()
        self.document = Document(workflow)
        self.flattened = FlattenedWorkflow(self.document)
        self.images = NodeImages(self.hub, self.id, self.flattened)
        self.document.subscribe(self._outdate)
        self.stack.clear()
        self.path, self.base, self.name, self.source = path, base, name, source
        self.stamp, self.report = None, report
        self._open.tell(self.id, path)
        self.states = RunStates()
        self._problems.clear()
        self.opened.emit()
        self.file_changed.emit()
        self.run_changed.emit()

    # --- runs

    @property
    def problems(self) -> list[Problem]:
        """What stands in the way of a run."""
        return self._problems.found

    @property
    def missing(self) -> list[Problem]:
        """Models that are not on this computer; a run is tried all the same."""
        return self._problems.missing

    @property
    def unfit(self) -> list[Problem]:
        """Models that are here, and that their nodes do not load; a run is tried all the same."""
        return self._problems.unfit

    def set_unfit(self, unfit: list[Problem]) -> None:
        """Take which models their nodes do not load."""
        self._problems.show_unfit(unfit)

    def set_missing(self, missing: list[Problem]) -> None:
        """Take which models are not on this computer."""
        self._problems.show_missing(missing)

    @property
    def jobs(self) -> list[int]:
        """Its runs that are not finished, in the order in which they were asked for."""
        return self.runs.jobs

    @property
    def running(self) -> bool:
        return bool(self.jobs)

    def run(self, targets: tuple[str, ...] = (), sweeps: tuple[Sweep, ...] = ()) -> int:
        """Ask for a run, behind others: the number of the job, at once; 0 where there is nothing to run.

        What stands in its way is told by ``problems_changed``; the job is gone then.
        """
        self.take_typed.emit()
        if not self.workflow.nodes:
            self.trouble.emit(self.tr("There is nothing to run yet. Press Tab on the canvas to add a node."))
            return 0
        if all(node.mode != "run" for node in self.flattened.flat.workflow.nodes.values()):
            self.trouble.emit(self.tr("Nothing runs: every node is bypassed or muted."))
            return 0
        job = self.hub.next_job()
        self.jobs.append(job)
        self.run_changed.emit()
        self.runs.ask(AskedRun(job, self.title, targets, sweeps))
        return job

    def take_job(self, job: int, request: RunRequest) -> None:
        """A job of this document is in the queue again, as the workflow was then: what is other now is old in it."""
        self.jobs.append(job)
        self._edits_since.begin(job)
        then, now = files.loads(request.workflow), self.workflow
        for name, node in now.nodes.items():
            if then.nodes.get(name) != node or then.incoming().get(name) != now.incoming().get(name):
                for path in self.flattened.paths("", name):
                    self._edits_since.note_of(job, self.flattened.affected(path))
        self.run_changed.emit()

    def _hand_over(self, run: AskedRun, done: Callable[[], None]) -> None:
        """Hand a run to the engine as the workflow stands: its seeds may have moved on since it was asked for."""
        self.starting.emit()
        workflow = self.workflow.copy()
        document, give = self.document, self._requests.of(run, workflow, self.base)

        def accepted() -> None:
            if document is self.document:
                self._problems.show([])
                self.queued.emit()

        self._edits_since.begin(run.job)
        self.asked.emit(run.job)
        self.hub.submit(run.job, give, accepted, done)

    def cancel_current(self) -> None:
        """Stop the run of this document that is going on, or that is its next; those behind it stay in the queue."""
        self.runs.cancel_current()

    def cancel(self) -> None:
        """Stop the runs of this document at their next step; what is finished stays."""
        self.runs.cancel()

    def peek(self, node: str, output: str, size: int) -> None:
        """Ask for images of what a node, or an instance, gave last; they arrive with the signal ``picture``."""
        self.images.peek(node, output, size)

    def state(self, node: str) -> NodeState:
        """The run state of a node, or of an instance of a subgraph, by its path."""
        return self.flattened.state(node, self.states)

    def keep_states(self, where: str, names: dict[str, str]) -> None:
        """Nodes of a definition (of the root, for the empty name) are about to get other paths: what is told of them
        holds there too. Both stay, so that it holds after an undo as well."""
        for old, new in names.items():
            renamed = list(zip(self.flattened.paths(where, old), self.flattened.paths(where, new), strict=True))
            for known in (self.states.nodes, self.images.thumbnails):
                keep_below(known, renamed)

    def close(self) -> None:
        """Leave the engine: its runs of this document end, and what it says is heard no longer."""
        self.cancel()
        self._open.tell(self.id, None)
        self.jobs.clear()
        self.hub.replied.disconnect(self._take)

    def _outdate(self, edit: Edit) -> None:
        """What was made from an edited node is not what the workflow would give now."""
        if isinstance(edit, Same):
            self._same = not self._same
        if self._same or not (self.states.nodes or self._edits_since):
            return
        where, edit = (edit.name, edit.edit) if isinstance(edit, Inside) else ("", edit)
        match edit:
            case SetParam(node) | SetMode(node) | Connect(Link(target=node)) | Disconnect(Socket(node)):
                for path in self.flattened.paths(where, node):
                    affected = self.flattened.affected(path)
                    self._edits_since.note(affected)
                    for name in self.states.outdate(affected):
                        self.node_changed.emit(name)

    def _take(self, reply: object) -> None:
        """A reply of the engine, on the interface's thread."""
        self._take_of_runs(reply)
        if isinstance(reply, Refused) or (isinstance(reply, JobEvent) and isinstance(reply.event, RunFinished)):
            self._edits_since.end(reply.job)

    def _take_of_runs(self, reply: object) -> None:
        match reply:
            case Refused(job, problems) if job in self.jobs:
                self.runs.refused(job)
                self._problems.show(list(problems))
                self.run_changed.emit()
            case JobEvent(job, RunFinished()) if job in self.jobs and job != self.shown_job:
                self.jobs.remove(job)
                self.run_changed.emit()
            case JobEvent(job, event) if job in self.jobs:
                self.shown_job = job
                for name in self.states.take(event, self._edits_since.of(job)):
                    self.node_changed.emit(name)
                if isinstance(event, NodeFinished):
                    if self.state(event.node).worth_a_look:
                        self._look(event.node)
                elif isinstance(event, NodesKept):
                    for name in event.nodes:
                        self._look(name)
                elif isinstance(event, NodeProgress) and event.preview:
                    self.preview.emit(event.node, event.preview)
                elif isinstance(event, NodeFailed) and event.look:
                    self.worth_a_look.emit(event.node)
                elif isinstance(event, RunFinished):
                    self.jobs.remove(job)
                self.run_changed.emit()
            case Peeked():
                wanted = self.images.take(reply)
                if wanted is not None:
                    self.picture.emit(*wanted, reply.pictures)
            case WorkerLost():
                self.images.forget_requests()

    def _look(self, node: str) -> None:
        self.images.look(node, self.state(node).pictures)
