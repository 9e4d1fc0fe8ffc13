"""One open workflow and what is done with it: document, undo stack, file, runs. Signals for views, no widgets."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Qt, QTimer, Signal
from PySide6.QtGui import QUndoStack

from nodeflow import resources
from nodeflow.app.commands import EditCommand
from nodeflow.app.png import workflow_of
from nodeflow.app.runs import NodeState, RunStates
from nodeflow.engine.client import Engine, LocalEngine
from nodeflow.engine.events import (
    JobEvent,
    NodeFinished,
    NodeProgress,
    NodesKept,
    Peeked,
    Ready,
    Refused,
    RunFinished,
    WorkerLost,
)
from nodeflow.graph import files
from nodeflow.graph.catalog import Catalogue, decode
from nodeflow.graph.document import Document
from nodeflow.graph.edits import Connect, Disconnect, Edit, SetMode, SetParam
from nodeflow.graph.scope import obstacles, scope
from nodeflow.graph.workflow import Link, Problem, Socket, Workflow, WorkflowError, downstream


class Session(QObject):
    """Holds the one document that the window shows, and speaks with the engine for it.

    ``opened``: another document is there. ``file_changed``: its path. ``catalogue_changed``: more nodes are known.
    ``node_changed``: run state of one node.
    ``run_changed``: the run as a whole. ``problems_changed``: what stands in the way of a run.
    ``picture``: PNG pictures of a node's output, asked for with `peek`. ``preview``: PNG bytes while a node samples.
    """

    opened = Signal()
    catalogue_changed = Signal()
    file_changed = Signal()
    node_changed = Signal(str)
    run_changed = Signal()
    problems_changed = Signal()
    picture = Signal(str, str, int, tuple)
    preview = Signal(str, bytes)
    device_changed = Signal(str)
    trouble = Signal(str)
    _replied = Signal(object)

    def __init__(
        self, catalogue: Catalogue | None = None, output: Path | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.catalogue = shipped_catalogue() if catalogue is None else catalogue
        self.output = output
        self.document = Document()
        self.stack = QUndoStack(self)
        self.path: Path | None = None
        self.name = ""
        self.base = Path.cwd()
        self.states = RunStates()
        self.problems: list[Problem] = []
        self.device = ""
        self._engine: Engine | None = None
        self._job = 0
        self._requests: dict[int, tuple[str, str, int]] = {}
        self._replied.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._soon = QTimer(self, interval=150, singleShot=True)
        self._soon.timeout.connect(self._check_again)
        self.stack.indexChanged.connect(self._edited)

    # --- the document

    @property
    def workflow(self) -> Workflow:
        return self.document.workflow

    def new(self) -> None:
        """Start with an empty workflow."""
        self._show(Workflow(), None, Path.cwd(), "")

    def open(self, path: Path) -> None:
        """Open a workflow file, or a picture that holds one. Raises WorkflowError; the document then stays.

        A picture, and a workflow that ships with nodeflow, are never written over: saving asks for a file.
        """
        workflow, folder = read(path), path.resolve().parent
        shipped = folder == resources.folder("workflows").resolve()
        own = None if shipped or path.suffix.lower() == ".png" else path
        self._show(workflow, own, folder, path.stem)

    def save(self, path: Path) -> None:
        """Write the workflow to a file, which is its own from now on. Raises OSError; nothing is lost then."""
        files.save(self.workflow, path)
        self.path, self.base, self.name = path, path.resolve().parent, path.stem
        self.stack.setClean()
        self.file_changed.emit()

    @property
    def dirty(self) -> bool:
        """Whether there are changes that no file holds."""
        return not self.stack.isClean()

    def do(self, text: str, edit: Edit, gesture: Hashable | None = None) -> None:
        """Make an edit as an undo step named ``text``; steps of one ``gesture`` are taken back as one."""
        self.stack.push(EditCommand(self.document, edit, text, gesture))

    def _show(self, workflow: Workflow, path: Path | None, base: Path, name: str) -> None:
        self.cancel()
        self._job = 0
        self.document = Document(workflow)
        self.document.subscribe(self._outdate)
        self.stack.clear()
        self.path, self.base, self.name = path, base, name
        self.states = RunStates()
        self._set_problems([])
        self._requests.clear()
        self.opened.emit()
        self.file_changed.emit()
        self.run_changed.emit()

    # --- runs

    @property
    def running(self) -> bool:
        return self._job != 0

    def start_engine(self) -> None:
        """Have the worker load its libraries while the person looks at the workflow."""
        engine = self._connect()
        if isinstance(engine, LocalEngine):
            engine.start()

    def run(self, targets: tuple[str, ...] = ()) -> None:
        """Check the workflow and, where nothing stands in the way, hand it to the engine."""
        if self.running:
            return
        problems = self._obstacles(targets)
        self._set_problems(problems)
        if problems:
            return
        if not self.workflow.nodes:
            self.trouble.emit(self.tr("There is nothing to run yet. Press Tab on the canvas to add a node."))
            return
        self._job = self._connect().submit(files.dumps(self.workflow), self.base, self._output(), targets)
        self.run_changed.emit()

    def cancel(self) -> None:
        """Stop the run at its next step; what is finished stays."""
        if self._engine is not None and self._job:
            self._engine.cancel(self._job)

    def peek(self, node: str, output: str, size: int) -> None:
        """Ask for pictures of what a node gave last; they arrive with the signal ``picture``."""
        request = self._connect().peek(node, output, size)
        self._requests[request] = (node, output, size)

    def state(self, node: str) -> NodeState:
        """The run state of a node."""
        return self.states.of(node)

    def close(self) -> None:
        """End the engine's worker."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _connect(self) -> Engine:
        if self._engine is None:
            self._engine = LocalEngine(self._replied.emit)
        return self._engine

    def _output(self) -> Path:
        if self.output is not None:
            return self.output
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        return Path(pictures) / "nodeflow"

    def _obstacles(self, targets: tuple[str, ...] = ()) -> list[Problem]:
        """What keeps a run from starting. Of types that only the worker may know, it is the one to judge."""
        types = {node.type for node in self.workflow.nodes.values()}
        if not self.device and types - self.catalogue.nodes.keys():
            return []
        return obstacles(self.workflow, self.catalogue, scope(self.workflow, self.catalogue, targets))

    def _set_problems(self, problems: list[Problem]) -> None:
        if problems != self.problems:
            self.problems = problems
            self.problems_changed.emit()

    def _outdate(self, edit: Edit) -> None:
        """What was made from an edited node is not what the workflow would give now."""
        match edit:
            case SetParam(node) | SetMode(node) | Connect(Link(target=node)) | Disconnect(Socket(node)):
                if self.states.nodes:
                    for name in self.states.outdate(downstream(self.workflow.outgoing(), [node])):
                        self.node_changed.emit(name)

    def _edited(self) -> None:
        if self.problems:
            self._soon.start()

    def _check_again(self) -> None:
        """What was wrong and has been put right is wrong no longer."""
        if self.problems:
            self._set_problems(self._obstacles())

    def _take(self, reply: object) -> None:
        """A reply of the engine, on the interface's thread."""
        match reply:
            case Ready(device, _, catalogue, troubles):
                self._learn(catalogue)
                for sentence in troubles:
                    self.trouble.emit(sentence)
                self.device = device
                self.device_changed.emit(device)
            case Refused(job, problems) if job == self._job:
                self._job = 0
                self._set_problems(list(problems))
                self.run_changed.emit()
            case JobEvent(job, event) if job == self._job:
                for name in self.states.take(event):
                    self.node_changed.emit(name)
                if isinstance(event, NodeFinished):
                    self._look(event.node)
                elif isinstance(event, NodesKept):
                    for name in event.nodes:
                        self._look(name)
                elif isinstance(event, NodeProgress) and event.preview:
                    self.preview.emit(event.node, event.preview)
                elif isinstance(event, RunFinished):
                    self._job = 0
                self.run_changed.emit()
            case Peeked(request, pictures):
                node, output, size = self._requests.pop(request, ("", "", 0))
                if pictures and node in self.workflow.nodes:
                    self.picture.emit(node, output, size, pictures)
            case WorkerLost(reason):
                self._lost(reason)

    def _learn(self, catalogue: Catalogue) -> None:
        """Take in the nodes that the worker has: those of installed packs, beside the shipped ones."""
        known = Catalogue(self.catalogue.packs | catalogue.packs, self.catalogue.nodes | catalogue.nodes)
        if known != self.catalogue:
            self.catalogue = known
            self.catalogue_changed.emit()

    def _look(self, node: str) -> None:
        output = self.state(node).pictures or self._pictured(node)
        if output:
            self.peek(node, output, THUMBNAIL)

    def _pictured(self, node: str) -> str:
        """The output of a node that may be pictures, by its type; empty where none is."""
        spec = self.catalogue.nodes.get(self.workflow.nodes[node].type) if node in self.workflow.nodes else None
        return next((port.name for port in spec.outputs if port.type in PICTURES), "") if spec else ""

    def _lost(self, reason: str) -> None:
        self.device = ""
        self._requests.clear()
        if self._job:
            self._job = 0
            for name in self.states.take(RunFinished("failed", 0.0)):
                self.node_changed.emit(name)
            self.run_changed.emit()
        self.device_changed.emit("")
        self.trouble.emit(self.tr("The engine stopped: {0}. Run again to start a new one.").format(reason))


PICTURES = ("Image", "Latent", "Mask")
"""Wire types that can be looked at."""
THUMBNAIL = 384
"""Pixels of the pictures that nodes show of what they gave."""


def shipped_catalogue() -> Catalogue:
    """The catalogue of the built-in nodes, as it ships; empty where it is missing."""
    path = resources.folder("assets") / "catalogue.json"
    return decode(path.read_bytes()) if path.is_file() else Catalogue()


def read(path: Path) -> Workflow:
    """A workflow from its file, or from a picture that nodeflow saved. Raises WorkflowError."""
    if path.suffix.lower() != ".png":
        return files.load(path)
    try:
        text = workflow_of(path.read_bytes())
    except OSError as error:
        raise WorkflowError(Problem("", "", f"cannot read {path}: {error.strerror or error}")) from None
    if text is None:
        raise WorkflowError(Problem("", "", f"{path.name} holds no workflow; only pictures saved by nodeflow do"))
    return files.loads(text)
