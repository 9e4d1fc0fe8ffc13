"""The images that nodes of one document gave last: asked for, and kept small."""

from __future__ import annotations

from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.flattened import FlattenedWorkflow
from nodeflow.engine.protocol.messages import Peeked
from nodeflow.graph.model.catalogue import NodeSpec
from nodeflow.graph.model.roles import SEEN

THUMBNAIL = 384
"""Pixels of the images that nodes show of what they gave."""
WHOLE = 1 << 14
"""Pixels that an image may have on a side: it is fetched in full size."""


class NodeImages:
    """Asks the engine for them in the name of a document (``owner``), and knows whose the answers are."""

    def __init__(self, hub: EngineService, owner: str, flattened: FlattenedWorkflow) -> None:
        self._hub = hub
        self._owner = owner
        self._flattened = flattened
        self._requests: dict[int, tuple[str, str, int]] = {}
        self.thumbnails: dict[str, tuple[str, tuple[bytes, ...]]] = {}
        """By the path of a node, the output that was last looked at and its small images."""

    @property
    def waiting(self) -> bool:
        """Return whether images that were asked for are still to come."""
        return bool(self._requests)

    def peek(self, node: str, output: str, size: int) -> None:
        """Ask for images of what a node, or an instance, gave last, at most ``size`` pixels wide and high."""
        found = self._flattened.flat.origin(node, output) or (node, output)
        self._requests[self._hub.engine.peek(*found, size, self._owner)] = (node, output, size)

    def look(self, node: str, given: str) -> None:
        """Ask for small images of an output, or of one that may be images where none is named."""
        output = given or self._seen_output(node)
        if output:
            self.peek(node, output, THUMBNAIL)

    def take(self, reply: Peeked) -> tuple[str, str, int] | None:
        """Whose images an answer brings, as node, output and size; None where nobody waits for them any more."""
        wanted = self._requests.pop(reply.request, None)
        if wanted is None or not reply.pictures or not self._flattened.knows(wanted[0]):
            return None
        node, output, size = wanted
        if size == THUMBNAIL:
            self.thumbnails[node] = (output, reply.pictures)
        return wanted

    def forget_requests(self) -> None:
        """Wait for nothing any more: who was asked is gone."""
        self._requests.clear()

    def type_of(self, node: str, output: str) -> str:
        """The wire type of a node's output, by the node's path; empty where it is not known."""
        spec = self._spec(node)
        return next((port.type for port in spec.outputs if port.name == output), "") if spec else ""

    def _seen_output(self, node: str) -> str:
        """The output of a node that may be images, by its type; empty where none is."""
        spec = self._spec(node)
        seen = self._hub.catalogue.types(SEEN)
        return next((port.name for port in spec.outputs if port.type in seen), "") if spec else ""

    def _spec(self, node: str) -> NodeSpec | None:
        found = self._flattened.flat.workflow.nodes.get(node)
        return self._hub.catalogue.nodes.get(found.type) if found is not None else None
