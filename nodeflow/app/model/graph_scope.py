"""Scope of a canvas: the workflow itself, or the inside of an instance that was opened. No widgets."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.run_state import NodeState
from nodeflow.graph.edits.edits import Annotate, Edit, EditBatch, MoveNode, connect
from nodeflow.graph.edits.subgraph_edits import Declare, Define, Inside, at
from nodeflow.graph.edits.subgraph_ports import expose
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec
from nodeflow.graph.model.document import Listener
from nodeflow.graph.model.roles import SEEN
from nodeflow.graph.model.workflow import TERMINALS, Link, Problem, Workflow, WorkflowError
from nodeflow.graph.subgraphs.flatten import inside_of, level
from nodeflow.graph.subgraphs.instances import MORE, definition_of, needed_by, with_subgraphs, with_terminals


class GraphScope(QObject):
    """A session seen from where the canvas stands: names, edits and states are those of the nodes shown.

    ``opened``: other nodes are shown, of another document or at another level. ``moved``: the way here is another.
    The other signals are the session's, for the nodes shown; what happens inside an instance among them is told of it.
    """

    opened = Signal()
    moved = Signal()
    catalogue_changed = Signal()
    node_changed = Signal(str)
    problems_changed = Signal()
    picture = Signal(str, str, int, tuple)
    preview = Signal(str, bytes)

    def __init__(self, session: DocumentSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.path: tuple[str, ...] = ()
        """The instances that were opened, one inside the other; empty at the root."""
        self.where = ""
        """The definition that is shown; empty at the root."""
        self._listeners: list[Listener] = []
        self._catalogue: Catalogue | None = None
        self._skipped = -1
        self._changed: dict[str, None] = {}
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self._tell_changed)
        session.opened.connect(self._another)
        session.catalogue_changed.connect(self._learn)
        session.node_changed.connect(self._node_changed)
        session.problems_changed.connect(self.problems_changed)
        session.picture.connect(self._picture)
        session.preview.connect(self._preview)
        session.document.subscribe(self._hear)

    # --- what is shown

    @property
    def root(self) -> Workflow:
        """The whole workflow, which holds all definitions."""
        return self.session.workflow

    @property
    def workflow(self) -> Workflow:
        """The nodes and wires that are shown."""
        return inside_of(self.root, self.where)

    @property
    def catalogue(self) -> Catalogue:
        """The nodes that can stand here, the subgraphs of the workflow among them, and the terminals."""
        if self._catalogue is None:
            self._catalogue = self._look_up()
        return self._catalogue

    def _look_up(self) -> Catalogue:
        known = with_subgraphs(self.session.catalogue, self.root)
        return with_terminals(known, self.root, self.where) if self.where else known

    @property
    def base(self) -> Path:
        """Return where relative paths start."""
        return self.session.base

    @property
    def stack(self) -> QUndoStack:
        return self.session.stack

    @property
    def problems(self) -> list[Problem]:
        """Return what is wrong with the nodes shown; what is wrong inside an instance is told of it, with the path."""
        found = []
        for problem in (*self.session.problems, *self.session.missing, *self.session.unfit):
            name, rest = self._local(problem.node)
            if name:
                words = f"{rest}.{problem.port}" if rest and problem.port else rest
                found.append(
                    Problem(
                        name, "" if rest else problem.port, f"{words}: {problem.reason}" if rest else problem.reason
                    )
                )
        return found

    def state(self, name: str) -> NodeState:
        """The run state of a node that is shown."""
        return self.session.state(self.path_of(name))

    def path_of(self, name: str) -> str:
        """The path from the root of a node that is shown."""
        return "/".join((*self.path, name))

    def offered(self) -> list[NodeSpec]:
        """The nodes that can be added here: all but the terminals, and subgraphs that would contain themselves."""
        root = self.root
        around = {
            name
            for name, subgraph in root.subgraphs.items()
            if name == self.where or self.where in needed_by(subgraph.body.nodes.values(), root.subgraphs)
        }
        barred = around if self.where else set()
        found = [
            spec
            for spec in self.catalogue.nodes.values()
            if spec.type not in TERMINALS and definition_of(spec.type) not in barred
        ]
        return found + self.session.hub.kept()

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` after each plain edit of what is shown."""
        self._listeners.append(listener)

    # --- what a person does

    def do(self, text: str, edit: Edit, gesture: Hashable | None = None) -> None:
        """Make an edit of what is shown as an undo step; what is about definitions is done to those."""
        self.session.do(text, at(self.where, edit), gesture)

    def wire(self, link: Link) -> EditBatch:
        """The edit that lays a wire; one at the open port of a terminal exposes what is at its other end."""
        if MORE in (link.output, link.input) and self.where:
            made = expose(self.root, self.where, link)
            return made if isinstance(made, EditBatch) else EditBatch((made,))
        return connect(self.workflow, link)

    def run(self, targets: tuple[str, ...]) -> None:
        """Run to nodes that are shown."""
        self.session.run(tuple(self.path_of(name) for name in targets))

    def fault(self, edit: Edit) -> str:
        """Why an edit of what is shown cannot be made, in words; empty where it can."""
        try:
            at(self.where, edit).apply(self.root.copy())
        except WorkflowError as error:
            return str(error)
        return ""

    def go(self, path: tuple[str, ...]) -> None:
        """Show the inside of the instance at a path, the root for the empty one."""
        where = level(self.root, "/".join(path))
        if where is not None and path != self.path:
            self.path, self.where = path, where
            self._shown_anew()

    # --- what the session tells

    def _another(self) -> None:
        """Another document: it is shown from its root."""
        self.session.document.subscribe(self._hear)
        self.path, self.where, self._skipped = (), "", -1
        self._shown_anew()

    def _shown_anew(self) -> None:
        self._catalogue = None
        self._changed.clear()
        self.moved.emit()
        self.opened.emit()
        self.show_pictures()

    def _hear(self, edit: Edit) -> None:
        """One plain edit has happened to the document; all of its batch have."""
        revision = self.session.document.revision
        if revision == self._skipped:
            return
        name, inner = (edit.name, edit.edit) if isinstance(edit, Inside) else ("", edit)
        if not self._stands(edit):
            self._skipped = revision  # what is shown anew shows the rest of the batch already
            return
        defines = isinstance(edit, Define | Declare)
        if defines or (name and not isinstance(inner, MoveNode | Annotate)):
            self._learn_of_subgraphs()
        if name == self.where and not defines:
            for listener in tuple(self._listeners):
                listener(inner)

    def _stands(self, edit: Edit) -> bool:
        """Return whether what is shown is still there; else what is left of the way to it is shown."""
        if not self.path:
            return True
        path = self.path
        while (where := level(self.root, "/".join(path))) is None:
            path = path[:-1]
        if (path, where) == (self.path, self.where) and not (isinstance(edit, Define) and edit.name == where):
            return True
        self.path, self.where = path, where
        self._shown_anew()
        return False

    def _learn(self) -> None:
        self._catalogue = None
        self.catalogue_changed.emit()

    def _learn_of_subgraphs(self) -> None:
        """Most edits inside a subgraph leave its face as it is, and nobody has to be told."""
        before, self._catalogue = self._catalogue, self._look_up()
        if self._catalogue != before:
            self.catalogue_changed.emit()

    def _local(self, path: str) -> tuple[str, str]:
        """The node shown that a path leads to or through, and the rest of the path; nothing for one elsewhere."""
        steps = tuple(path.split("/"))
        if steps[: len(self.path)] != self.path or len(steps) == len(self.path):
            return "", ""
        return steps[len(self.path)], "/".join(steps[len(self.path) + 1 :])

    def _node_changed(self, path: str) -> None:
        name, rest = self._local(path)
        if name and not rest:
            self.node_changed.emit(name)
        elif name:
            self._changed[name] = None  # its state is made from many, which often change together
            self._soon.start()

    def _tell_changed(self) -> None:
        names, self._changed = self._changed, {}
        for name in names:
            self.node_changed.emit(name)

    def _picture(self, path: str, output: str, size: int, pictures: tuple[bytes, ...]) -> None:
        name, rest = self._local(path)
        if name in self.workflow.nodes and (not rest or self._pictured(name) in ((path, output), None)):
            self.picture.emit(name, output, size, pictures)

    def _pictured(self, name: str) -> tuple[str, str] | None:
        """The node and output whose images stand for an instance: those of its first output that has any."""
        spec, flat = self.catalogue.nodes.get(self.workflow.nodes[name].type), self.session.flattened.flat
        seen = self.catalogue.types(SEEN)
        outputs = (port.name for port in spec.outputs if port.type in seen) if spec is not None else ()
        origins = (flat.origin(self.path_of(name), output) for output in outputs)
        return next((found for found in origins if found is not None), None)

    def _preview(self, path: str, picture: bytes) -> None:
        name, _ = self._local(path)
        if name:
            self.preview.emit(name, picture)

    def show_pictures(self) -> None:
        """Tell again of the small images that nodes gave last."""
        for path, (output, pictures) in self.session.images.thumbnails.items():
            self._picture(path, output, 0, pictures)
