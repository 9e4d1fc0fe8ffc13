"""Values that the nodes of a canvas gave in the last run, by name."""

from __future__ import annotations

from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.run_history import RunHistory
from nodeflow.engine.protocol.value_handle import ValueHandle
from nodeflow.graph.model.catalogue import NodeSpec


class LastValues:
    """Knows the last run of a document, as a canvas sees it."""

    def __init__(self, scope: GraphScope, history: RunHistory) -> None:
        self._scope, self._history = scope, history

    def handle(self, name: str, output: str) -> ValueHandle | None:
        """Return what names a node's output in the last run; None where it was not part of it."""
        spec, runs = self._spec(name), self._history.runs
        return runs[-1].handle(self._scope.path_of(name), spec, output) if runs and spec else None

    def alike(self, wire: str, but: tuple[str, str]) -> dict[str, ValueHandle]:
        """What outputs of a wire type gave, by the words for them; ``but`` one node's output."""
        found = {}
        for name in self._scope.workflow.nodes:
            spec = self._spec(name)
            for port in spec.outputs if spec else ():
                handle = self.handle(name, port.name) if port.type == wire else None
                if handle is not None and (name, port.name) != but:
                    found[f"{name} · {port.name.replace('_', ' ')}"] = handle
        return found

    def _spec(self, name: str) -> NodeSpec | None:
        node = self._scope.workflow.nodes.get(name)
        return self._scope.catalogue.nodes.get(node.type) if node else None
