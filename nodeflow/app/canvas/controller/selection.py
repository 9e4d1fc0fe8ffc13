"""What of the canvas is selected, and what of it is in view."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker

from nodeflow.app.canvas.controller.annotation_commands import Annotations
from nodeflow.app.canvas.controller.node_graph_base import QuietGraph
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.graph.model.workflow import TERMINALS


class SelectionGraph(QuietGraph):
    """The graph with its camera: neither selection nor view is part of the document."""

    scope: GraphScope
    nodes: dict[str, NodeItem]
    annotations: Annotations

    @property
    def view(self) -> CanvasView:
        """The widget."""
        found: CanvasView = self._viewer
        return found

    def chosen(self) -> list[str]:
        """The ids of the selected nodes, in the order of the workflow. Terminals can be moved, and no more."""
        return [name for name, card in self.nodes.items() if card.isSelected() and name not in TERMINALS]

    def choose(self, names: Iterable[str], drawn: Iterable[str] = ()) -> None:
        """Select these nodes, frames and notes, and nothing else; told once for all of them."""
        scene = self.view.scene()
        with QSignalBlocker(scene):
            scene.clearSelection()
            for name in names:
                if name in self.nodes:
                    self.nodes[name].setSelected(True)
            for name in drawn:
                self.annotations.items[name].setSelected(True)
        scene.selectionChanged.emit()

    def _shown(self) -> None:
        """The view has its size only now: what was loaded before is brought into view again."""
        self.view.shown.disconnect(self._shown)
        self.frame_all()

    def frame_all(self) -> None:
        """Bring everything into view."""
        self.frame(self.nodes.values(), self.annotations.items)

    def frame(self, cards: Iterable[NodeItem], drawn: Iterable[str] = ()) -> None:
        """Bring nodes, frames and notes into view as a whole."""
        area = QRectF()
        for card in cards:
            area = area.united(card.body.translated(card.pos()))
        for box in self.annotations.areas(drawn):
            area = area.united(box)
        self.view.finish_editor()
        self.view.show_part(area if not area.isEmpty() else QRectF(-400, -300, 800, 600))

    def show_node(self, path: str) -> None:
        """Select the node at a path from the root and bring it into the middle; its subgraph is opened for that."""
        *way, name = path.split("/")
        self.scope.go(tuple(way))
        if name in self.nodes:
            self.choose([name])
            card = self.nodes[name]
            self.view.centerOn(card.pos() + QPointF(card.body.center()))
