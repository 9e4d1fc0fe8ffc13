"""Hints on the nodes of a canvas: words that a text encoder will not know, while they are written."""

from __future__ import annotations

from PySide6.QtCore import QObject

from nodeflow.app.canvas.controller.after_edits import look_after_edits
from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.word_hints import WordHints

PAUSE = 250
"""Milliseconds after the last change until it is looked at."""
MAX_NODES = 2_000
"""Of a level that is looked at; larger ones are told when they run."""


class WordHintView(QObject):
    """Keeps the hints of the nodes that are shown."""

    def __init__(self, scope: GraphScope, items: WorkflowItems, parent: QObject) -> None:
        super().__init__(parent)
        self._scope, self._items = scope, items
        look_after_edits(self.look, PAUSE, scope, items, self)

    def look(self) -> None:
        """Look at every node now."""
        scope = self._scope
        few = len(scope.workflow.nodes) <= MAX_NODES
        found = WordHints(scope.workflow, scope.catalogue, scope.base).all() if few else {}
        for name, card in self._items.shown.items():
            card.show_hint(found.get(name, ""))
