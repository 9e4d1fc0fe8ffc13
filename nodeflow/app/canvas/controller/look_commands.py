"""Commands on how nodes look: folded up, pinned, coloured, sized. Each is one step of undo, none changes a result."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject

from nodeflow.app.canvas.controller.room_around import room_below
from nodeflow.app.canvas.controller.selection import Selection
from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.graph.edits.edits import Edit, EditBatch, MoveNode
from nodeflow.graph.model.workflow import Placement


class LookCommands(QObject):
    """Hands what the pointer did to the look of nodes on, and does the same for those that are selected."""

    def __init__(
        self, scope: GraphScope, view: CanvasView, items: WorkflowItems, selection: Selection, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._scope, self._view, self._items, self._selection = scope, view, items, selection
        view.looks.resized.connect(self.resize)
        view.looks.collapse_wanted.connect(self.collapse_one)

    def resize(self, name: str, width: float, height: float) -> None:
        """Keep the size that a node was pulled to; what lies below it goes further down where it would be covered."""
        edits = self._edits([name], lambda p: msgspec.structs.replace(p, width=width, height=height))
        if edits:
            edits += room_below(self._scope, self._items, self._items.nodes[name])
            self._scope.do(self.tr("Resize"), EditBatch(tuple(edits)))

    def own_size(self) -> None:
        """Let the selected nodes be as large as they need."""
        self._change(self.tr("Resize"), self._chosen(), lambda p: msgspec.structs.replace(p, width=0.0, height=0.0))

    def collapse_one(self, name: str) -> None:
        """Fold a node up or open it, and with it those that are selected where it is one of them."""
        names = self._chosen() if self._items.nodes[name].isSelected() else [name]
        folded = not self._items.nodes[name].collapsed
        words = self.tr("Collapse") if folded else self.tr("Open")
        self._change(words, names, lambda p: msgspec.structs.replace(p, collapsed=folded))

    def collapse(self) -> None:
        """Fold the selected nodes up; where all are, open them."""
        names = self._chosen()
        if names:
            folded = not all(self._items.nodes[name].collapsed for name in names)
            words = self.tr("Collapse") if folded else self.tr("Open")
            self._change(words, names, lambda p: msgspec.structs.replace(p, collapsed=folded))

    def pin(self) -> None:
        """Keep the selected nodes where they are; where all are kept, let them go."""
        names = self._chosen()
        if names:
            pinned = not all(self._items.nodes[name].asked.pinned for name in names)
            words = self.tr("Pin") if pinned else self.tr("Unpin")
            self._change(words, names, lambda p: msgspec.structs.replace(p, pinned=pinned))

    def colour_edits(self, name: str) -> list[Edit]:
        """The edits that give the titles of the selected nodes a colour; the empty name takes it away."""
        return self._edits(self._chosen(), lambda p: msgspec.structs.replace(p, colour=name))

    def _chosen(self) -> list[str]:
        return [name for name in self._selection.chosen() if self._items.nodes[name].can_be_shaped]

    def _change(self, words: str, names: list[str], change: Callable[[Placement], Placement]) -> None:
        if edits := self._edits(names, change):
            self._scope.do(words, EditBatch(tuple(edits)))

    def _edits(self, names: list[str], change: Callable[[Placement], Placement]) -> list[Edit]:
        edits: list[Edit] = []
        for name in names:
            before = self._placement(self._items.nodes[name])
            after = change(before)
            edits += [MoveNode(name, after)] if after != before else []
        return edits

    def _placement(self, card: NodeItem) -> Placement:
        return self._scope.workflow.layout.get(card.id) or Placement(card.x(), card.y())
