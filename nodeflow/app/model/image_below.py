"""The image that comes to an input of a node, or that is made of it, run for where that is not there yet."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QObject, Signal

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.node_images import WHOLE
from nodeflow.graph.model.roles import FINISHED
from nodeflow.graph.model.workflow import Socket


class ImageBelow(QObject):
    """``arrived``: PNG bytes of the first image. ``missed``: why there is none, in a sentence."""

    arrived = Signal(bytes)
    missed = Signal(str)

    def __init__(self, session: DocumentSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._source = ("", "")
        self._job = 0
        session.picture.connect(self._take)
        session.run_changed.connect(self._run_changed)

    def fetch(self, node: str, port: str) -> bool:
        """Ask for what comes to an input of a node, by the node's path; False where no wire comes to it."""
        source = self._source_of(node, port)
        return source is not None and self._ask(source, may_run=True)

    def fetch_made(self, node: str, may_run: bool) -> bool:
        """Ask for the nearest finished image that is made of what a node gives; False where there is none.

        With ``may_run`` it is run for, else only one that is there is taken.
        """
        source = self._made_of(node)
        return source is not None and self._ask(source, may_run)

    def _ask(self, source: tuple[str, str], may_run: bool) -> bool:
        there = self._session.states.of(source[0]).phase in ("ran", "cached")
        if not there and not may_run:
            return False
        self._source, self._job = source, 0
        if there:
            self._session.peek(*source, WHOLE)
        else:
            self._job = self._session.run((source[0],))
        return True

    @property
    def runs(self) -> bool:
        """Return whether a run is on the way to the image."""
        return bool(self._job)

    def _source_of(self, node: str, port: str) -> tuple[str, str] | None:
        """The node that gives the image, by its path, and its output; dots on wires are passed by."""
        workflow, nodes = self._session.flattened.flat.workflow, self._session.catalogue.nodes
        link = workflow.links.get(Socket(node, port))
        while link is not None:
            spec = nodes.get(workflow.nodes[link.source].type)
            if spec is None or not spec.through or not spec.inputs:
                return link.source, link.output
            link = workflow.links.get(Socket(link.source, spec.inputs[0].name))
        return None

    def _made_of(self, node: str) -> tuple[str, str] | None:
        """The nearest node downstream that gives a finished image, by its path, and its output."""
        workflow, catalogue = self._session.flattened.flat.workflow, self._session.catalogue
        after: dict[str, list[str]] = {}
        for link in workflow.links.values():
            after.setdefault(link.source, []).append(link.target)
        finished, seen = catalogue.types(FINISHED), {node}
        waiting = deque([node])
        while waiting:
            for name in after.get(waiting.popleft(), ()):
                if name in seen:
                    continue
                spec = catalogue.nodes.get(workflow.nodes[name].type)
                output = next((port.name for port in spec.outputs if port.type in finished), "") if spec else ""
                if output:
                    return name, output
                seen.add(name)
                waiting.append(name)
        return None

    def _take(self, node: str, output: str, size: int, images: tuple[bytes, ...]) -> None:
        if (node, output, size) == (*self._source, WHOLE):
            self._source = ("", "")
            self.arrived.emit(images[0])

    def _run_changed(self) -> None:
        if not self._job or self._job in self._session.jobs:
            return
        self._job = 0
        if self._session.states.of(self._source[0]).phase in ("ran", "cached"):
            self._session.peek(*self._source, WHOLE)
        else:
            self.missed.emit(self.tr("The run as far as {0} gave no image to paint on.").format(self._source[0]))
            self._source = ("", "")
